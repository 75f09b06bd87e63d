#include "verify/algebra/normal_form.h"

#include <flint/fmpz_mpoly.h>
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace deepscaler {
namespace {

constexpr slong kMaxUnknowns = 16;
constexpr slong kMaxProductTerms = 20'000;
constexpr slong kMaxExponent = 4096;
constexpr slong kMaxCoefficientBits = 4096;

// The ring of polynomials that both sides live in.
class Ring {
 public:
  Ring() { fmpz_mpoly_ctx_init(context_, kMaxUnknowns, ORD_LEX); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { fmpz_mpoly_ctx_clear(context_); }

  fmpz_mpoly_ctx_struct* context() { return context_; }

  // The index of an unknown, or nothing when there are too many.
  std::optional<slong> index_of(const std::string& name) {
    const auto [found, added] = indices_.try_emplace(name, static_cast<slong>(indices_.size()));
    if (found->second < kMaxUnknowns) return found->second;
    return std::nullopt;
  }
  void mark_opaque() { opaque_ = true; }
  bool has_opaque() const { return opaque_; }

 private:
  fmpz_mpoly_ctx_t context_;
  std::unordered_map<std::string, slong> indices_;
  bool opaque_ = false;
};

class Polynomial {
 public:
  explicit Polynomial(Ring& ring) : ring_(&ring) { fmpz_mpoly_init(value_, ring.context()); }
  Polynomial(const Polynomial& other) : Polynomial(*other.ring_) {
    fmpz_mpoly_set(value_, other.value_, ring_->context());
  }
  Polynomial& operator=(Polynomial other) noexcept {
    fmpz_mpoly_swap(value_, other.value_, ring_->context());
    return *this;
  }
  ~Polynomial() { fmpz_mpoly_clear(value_, ring_->context()); }

  fmpz_mpoly_struct* get() { return value_; }
  const fmpz_mpoly_struct* get() const { return value_; }
  slong terms() const { return fmpz_mpoly_length(value_, ring_->context()); }
  slong bits() const { return std::abs(fmpz_mpoly_max_bits(value_)); }
  // The total degree; beyond the bound where it does not fit.
  slong degree() const {
    if (terms() == 0) return 0;
    if (fmpz_mpoly_total_degree_fits_si(value_, ring_->context()) == 0) return kMaxExponent + 1;
    return fmpz_mpoly_total_degree_si(value_, ring_->context());
  }

 private:
  Ring* ring_;
  fmpz_mpoly_t value_;
};

struct Quotient {
  Polynomial over;
  Polynomial under;
};

// Builds forms; `ok` turns false where a bound is met, and the results mean nothing from then on.
class Builder {
 public:
  Builder(Ring& ring, Steps& steps) : ring_(ring), steps_(steps) {}

  bool ok = true;

  Quotient form_of(const Expr& expr) {
    if (!ok || !steps_.spend(4)) return give_up();
    switch (expr.op) {
      case Op::number:
      case Op::based:
        return constant(expr.number);
      case Op::symbol:
        return unknown(expr.text);
      case Op::add: {
        Quotient result = form_of(expr.args[0]);
        for (size_t i = 1; ok && i < expr.args.size(); ++i) result = sum(result, form_of(expr.args[i]));
        return result;
      }
      case Op::multiply: {
        Quotient result = form_of(expr.args[0]);
        for (size_t i = 1; ok && i < expr.args.size(); ++i) {
          const Quotient next = form_of(expr.args[i]);
          result = {product(result.over, next.over), product(result.under, next.under)};
        }
        return result;
      }
      case Op::power:
        return power(expr);
      case Op::percent:
        return form_of(deepscaler::multiply(make_number(Rational(1, 100)), expr.args[0]));
      case Op::quantity:
        return form_of(deepscaler::multiply(make_number(expr.number), expr.args[0]));
      case Op::degrees:
        return form_of(deepscaler::multiply(make_number(Rational(1, 180)),
                                            deepscaler::multiply(make_node(Op::pi, {}), expr.args[0])));
      default:
        return opaque(to_text(expr));
    }
  }

  Polynomial product(const Polynomial& a, const Polynomial& b) {
    const slong terms = a.terms() * b.terms(), bits = a.bits() + b.bits();
    ok = ok && terms <= kMaxProductTerms && bits <= kMaxCoefficientBits &&
         a.degree() + b.degree() <= kMaxExponent && steps_.spend(10 + 2 * terms * (1 + bits / 64));
    Polynomial result(ring_);
    if (ok) fmpz_mpoly_mul(result.get(), a.get(), b.get(), ring_.context());
    return result;
  }

  bool is_zero(const Polynomial& a) const { return fmpz_mpoly_is_zero(a.get(), ring_.context()) != 0; }
  bool equal(const Polynomial& a, const Polynomial& b) const {
    return fmpz_mpoly_equal(a.get(), b.get(), ring_.context()) != 0;
  }

  // Whether a = scale * b: each is multiplied by the other's leading coefficient.
  bool proportional(Polynomial a, Polynomial b, Rational& scale) {
    fmpz_set(scale.numerator(), a.get()->coeffs);
    fmpz_set(scale.denominator(), b.get()->coeffs);
    fmpz_mpoly_scalar_mul_fmpz(a.get(), a.get(), scale.denominator(), ring_.context());
    fmpz_mpoly_scalar_mul_fmpz(b.get(), b.get(), scale.numerator(), ring_.context());
    return equal(a, b);
  }

  // The numerator without the powers of unknowns that it shares with the denominator.
  Polynomial numerator(const Expr& expr) {
    const Quotient form = form_of(expr);
    Polynomial over(ring_), under(ring_), shared(ring_), result(ring_);
    if (!ok || is_zero(form.over)) return result;
    fmpz_mpoly_term_content(over.get(), form.over.get(), ring_.context());
    fmpz_mpoly_term_content(under.get(), form.under.get(), ring_.context());
    const bool divided =
        fmpz_mpoly_gcd(shared.get(), over.get(), under.get(), ring_.context()) != 0 &&
        fmpz_mpoly_divides(result.get(), form.over.get(), shared.get(), ring_.context()) != 0;
    ok = ok && divided;
    return result;
  }

 private:
  Quotient give_up() {
    ok = false;
    return constant(Rational(0));
  }

  Quotient constant(const Rational& value) {
    if (value.bits() > kMaxCoefficientBits) ok = false;
    Quotient result{Polynomial(ring_), Polynomial(ring_)};
    fmpz_mpoly_set_fmpz(result.over.get(), value.numerator(), ring_.context());
    fmpz_mpoly_set_fmpz(result.under.get(), value.denominator(), ring_.context());
    return result;
  }

  Quotient unknown(const std::string& name) {
    Quotient result = constant(Rational(1));
    const auto index = ring_.index_of(name);
    if (!index) return give_up();
    fmpz_mpoly_gen(result.over.get(), *index, ring_.context());
    return result;
  }

  Quotient opaque(const std::string& name) {
    ring_.mark_opaque();
    return unknown(fmt::format("?{}", name));
  }

  Quotient sum(const Quotient& a, const Quotient& b) {
    Polynomial left(ring_), right(ring_), over(ring_);
    if (equal(a.under, b.under)) {
      left = a.over;
      right = b.over;
    } else {
      left = product(a.over, b.under);
      right = product(b.over, a.under);
    }
    if (!steps_.spend(left.terms() + right.terms())) ok = false;
    if (ok) fmpz_mpoly_add(over.get(), left.get(), right.get(), ring_.context());
    return {over, equal(a.under, b.under) ? a.under : product(a.under, b.under)};
  }

  // Whole powers are multiplied out; a root is an unknown, of which other powers are taken.
  Quotient power(const Expr& expr) {
    const Expr& exponent = expr.args[1];
    if (exponent.op != Op::number) return opaque(to_text(expr));
    if (fmpz_bits(exponent.number.numerator()) > 12) return opaque(to_text(expr));
    const slong whole = fmpz_get_si(exponent.number.numerator());
    Quotient base = constant(Rational(1));
    if (exponent.number.is_integer()) {
      base = form_of(expr.args[0]);
    } else {
      Rational root(1);
      fmpz_set(root.denominator(), exponent.number.denominator());
      base = opaque(to_text(make_node(Op::power, {expr.args[0], make_number(root)})));
    }
    if (whole < 0) {
      std::swap(base.over, base.under);
      if (is_zero(base.under)) return give_up();
    }
    return {raise(base.over, std::abs(whole)), raise(base.under, std::abs(whole))};
  }

  Polynomial raise(const Polynomial& base, slong exponent) {
    Polynomial result(ring_);
    fmpz_mpoly_one(result.get(), ring_.context());
    if (base.terms() <= 1) {
      ok = ok && base.degree() * exponent <= kMaxExponent && base.bits() * exponent <= kMaxCoefficientBits &&
           steps_.spend(20);
      if (ok &&
          fmpz_mpoly_pow_ui(result.get(), base.get(), static_cast<ulong>(exponent), ring_.context()) == 0) {
        ok = false;
      }
      return result;
    }
    for (slong i = 0; ok && i < exponent; ++i) result = product(result, base);
    return result;
  }

  Ring& ring_;
  Steps& steps_;
};

}  // namespace

FormMatch compare_forms(const Expr& a, const Expr& b, Steps& steps) {
  Ring ring;
  Builder builder(ring, steps);
  const Quotient left = builder.form_of(a), right = builder.form_of(b);
  const Polynomial left_cross = builder.product(left.over, right.under);
  const Polynomial right_cross = builder.product(right.over, left.under);
  if (!builder.ok) return FormMatch::open;
  if (builder.equal(left_cross, right_cross)) return FormMatch::same;
  return ring.has_opaque() ? FormMatch::open : FormMatch::different;
}

Proportion compare_up_to_scale(const Expr& a, const Expr& b, Steps& steps) {
  Ring ring;
  Builder builder(ring, steps);
  const Quotient left = builder.form_of(a), right = builder.form_of(b);
  const Polynomial left_cross = builder.product(left.over, right.under);
  const Polynomial right_cross = builder.product(right.over, left.under);
  if (!builder.ok || builder.is_zero(left_cross) || builder.is_zero(right_cross)) return {};
  Rational scale;
  if (builder.proportional(left_cross, right_cross, scale)) {
    return {FormMatch::same, fmpz_sgn(scale.numerator()) * fmpz_sgn(scale.denominator())};
  }
  return {ring.has_opaque() ? FormMatch::open : FormMatch::different, 0};
}

bool same_zeros(const Expr& a, const Expr& b, Steps& steps) {
  Ring ring;
  Builder builder(ring, steps);
  const Polynomial left = builder.numerator(a), right = builder.numerator(b);
  if (!builder.ok || builder.is_zero(left) || builder.is_zero(right)) return false;
  Rational scale;
  return builder.proportional(left, right, scale);
}

bool read_linear(const Expr& expr, const std::string& variable, Linear& result, Steps& steps) {
  Ring ring;
  Builder builder(ring, steps);
  const slong index = *ring.index_of(variable);
  Quotient form = builder.form_of(expr);
  if (!builder.ok || ring.has_opaque() || form.under.degree() != 0 || form.over.degree() > 1) return false;
  if (form.over.degree() == 1 && fmpz_mpoly_degree_si(form.over.get(), index, ring.context()) != 1)
    return false;
  if (form.over.terms() > 2) return false;
  Polynomial generator(ring);
  fmpz_mpoly_gen(generator.get(), index, ring.context());
  fmpz_mpoly_get_coeff_fmpz_monomial(result.slope.numerator(), form.over.get(), generator.get(),
                                     ring.context());
  fmpz_mpoly_one(generator.get(), ring.context());
  fmpz_mpoly_get_coeff_fmpz_monomial(result.constant.numerator(), form.over.get(), generator.get(),
                                     ring.context());
  Rational under;
  fmpz_mpoly_get_coeff_fmpz_monomial(under.numerator(), form.under.get(), generator.get(), ring.context());
  if (under.is_zero()) return false;
  fmpq_div(result.slope.get(), result.slope.get(), under.get());
  fmpq_div(result.constant.get(), result.constant.get(), under.get());
  return true;
}

}  // namespace deepscaler
