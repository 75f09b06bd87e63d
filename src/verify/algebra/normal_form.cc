#include "verify/algebra/normal_form.h"

#include <fmt/core.h>

#include <algorithm>

#include "verify/algebra/quotients.h"

namespace deepscaler {
namespace {

constexpr slong kMaxCoefficientBits = 4096;

// Builds forms of expressions.
class Builder : public QuotientArithmetic {
 public:
  Builder(Ring& ring, Steps& steps)
      : QuotientArithmetic(ring, kMaxCoefficientBits, steps), ring_(ring), steps_(steps) {}

  Quotient form_of(const Expr& expr) {
    if (!ok || !steps_.spend(4)) return give_up();
    switch (expr.op()) {
      case Op::number:
      case Op::based:
        return constant(expr.number());
      case Op::symbol:
        return unknown(expr.name());
      case Op::add: {
        Quotient result = form_of(expr.args[0]);
        for (size_t i = 1; ok && i < expr.args.size(); ++i) result = sum(result, form_of(expr.args[i]));
        return result;
      }
      case Op::multiply: {
        Quotient result = form_of(expr.args[0]);
        for (size_t i = 1; ok && i < expr.args.size(); ++i) {
          const Quotient next = form_of(expr.args[i]);
          result = product(result, next);
        }
        return result;
      }
      case Op::power:
        return power(expr);
      case Op::percent:
        return form_of(deepscaler::multiply(make_number(Rational(1, 100)), expr.args[0]));
      case Op::quantity:
        return form_of(deepscaler::multiply(make_number(expr.measure().factor), expr.args[0]));
      case Op::degrees:
        return form_of(deepscaler::multiply(make_number(Rational(1, 180)),
                                            deepscaler::multiply(make_node(Op::pi), expr.args[0])));
      default:
        return opaque(to_text(expr));
    }
  }

  // The sign of the number that b is multiplied by to be a, nothing where there is none. For that each is
  // multiplied by the other's leading coefficient.
  std::optional<int> sign_of_ratio(Polynomial a, Polynomial b) {
    const Rational of_a = leading_coefficient(a), of_b = leading_coefficient(b);
    fmpz_mpoly_scalar_mul_fmpz(a.get(), a.get(), of_b.numerator(), ring_.context());
    fmpz_mpoly_scalar_mul_fmpz(b.get(), b.get(), of_a.numerator(), ring_.context());
    return equal(a, b) ? std::optional(of_a.sign() * of_b.sign()) : std::nullopt;
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
  Quotient opaque(const std::string& name) {
    ring_.mark_opaque();
    return unknown(fmt::format("?{}", name));
  }

  // Whole powers are multiplied out; a root is an unknown, of which other powers are taken.
  Quotient power(const Expr& expr) {
    const Expr& exponent = expr.args[1];
    if (exponent.op() != Op::number) return opaque(to_text(expr));
    if (fmpz_bits(exponent.number().numerator()) > 12) return opaque(to_text(expr));
    const slong whole = fmpz_get_si(exponent.number().numerator());
    Quotient base = constant(Rational(1));
    if (exponent.number().is_integer()) {
      base = form_of(expr.args[0]);
    } else {
      Rational root(1);
      fmpz_set(root.denominator(), exponent.number().denominator());
      base = opaque(to_text(make_node(Op::power, {expr.args[0], make_number(root)})));
    }
    return raise(std::move(base), whole);
  }

  static Rational leading_coefficient(const Polynomial& polynomial) {
    Rational result;
    fmpz_set(result.numerator(), polynomial.get()->coeffs);
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
  if (const auto sign = builder.sign_of_ratio(left_cross, right_cross)) return {FormMatch::same, *sign};
  return {ring.has_opaque() ? FormMatch::open : FormMatch::different, 0};
}

bool same_zeros(const Expr& a, const Expr& b, Steps& steps) {
  Ring ring;
  Builder builder(ring, steps);
  const Polynomial left = builder.numerator(a), right = builder.numerator(b);
  if (!builder.ok || builder.is_zero(left) || builder.is_zero(right)) return false;
  return builder.sign_of_ratio(left, right).has_value();
}

std::optional<Linear> read_linear(const Expr& expr, const std::string& variable, Steps& steps) {
  Ring ring;
  Builder builder(ring, steps);
  const slong index = *ring.index_of(variable);
  Quotient form = builder.form_of(expr);
  if (!builder.ok || ring.has_opaque() || form.under.degree() != 0 || form.over.degree() > 1)
    return std::nullopt;
  if (form.over.degree() == 1 && fmpz_mpoly_degree_si(form.over.get(), index, ring.context()) != 1)
    return std::nullopt;
  if (form.over.terms() > 2) return std::nullopt;
  Linear result;
  Polynomial generator(ring);
  fmpz_mpoly_gen(generator.get(), index, ring.context());
  fmpz_mpoly_get_coeff_fmpz_monomial(result.slope.numerator(), form.over.get(), generator.get(),
                                     ring.context());
  fmpz_mpoly_one(generator.get(), ring.context());
  fmpz_mpoly_get_coeff_fmpz_monomial(result.constant.numerator(), form.over.get(), generator.get(),
                                     ring.context());
  Rational under;
  fmpz_mpoly_get_coeff_fmpz_monomial(under.numerator(), form.under.get(), generator.get(), ring.context());
  if (under.is_zero()) return std::nullopt;
  fmpq_div(result.slope.get(), result.slope.get(), under.get());
  fmpq_div(result.constant.get(), result.constant.get(), under.get());
  return result;
}

}  // namespace deepscaler
