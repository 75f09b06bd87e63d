#include "verify/algebra/algebraic.h"

#include <optional>
#include <utility>

#include "verify/algebra/functions.h"
#include "verify/algebra/qqbar_header.h"

namespace deepscaler {
namespace {

// Operations on qqbar factor polynomials, whose cost can't be counted; within these bounds they take
// well below a millisecond each.
constexpr slong kMaxDegree = 12;
constexpr slong kMaxBits = 400;

class Algebraic {
 public:
  Algebraic() { qqbar_init(value_); }
  Algebraic(const Algebraic& other) : Algebraic() { qqbar_set(value_, other.value_); }
  Algebraic& operator=(Algebraic other) noexcept {
    qqbar_swap(value_, other.value_);
    return *this;
  }
  ~Algebraic() { qqbar_clear(value_); }
  qqbar_ptr get() { return value_; }
  qqbar_srcptr get() const { return value_; }

 private:
  qqbar_t value_;
};

class Builder {
 public:
  explicit Builder(Steps& steps) : steps_(steps) {}
  bool ok = true;

  Algebraic number_of(const Expr& expr) {
    Algebraic result;
    if (!ok) return result;
    switch (expr.op()) {
      case Op::number:
      case Op::based:
        ok = expr.number().bits() < kMaxBits;
        if (ok) qqbar_set_fmpq(result.get(), expr.number().get());
        return result;
      case Op::imaginary:
        qqbar_i(result.get());
        return result;
      case Op::add:
      case Op::multiply:
        result = number_of(expr.args[0]);
        for (size_t i = 1; ok && i < expr.args.size(); ++i) {
          const Algebraic next = number_of(expr.args[i]);
          if (!may_combine(result, next)) return result;
          (expr.op() == Op::add ? qqbar_add : qqbar_mul)(result.get(), result.get(), next.get());
        }
        return result;
      case Op::power:
        return power(expr);
      case Op::call:
        return trigonometric(expr);
      default:
        ok = false;
        return result;
    }
  }

 private:
  bool may_combine(const Algebraic& a, const Algebraic& b) {
    const int64_t degree = qqbar_degree(a.get()) * qqbar_degree(b.get());
    ok = ok && qqbar_binop_within_limits(a.get(), b.get(), kMaxDegree, kMaxBits) &&
         steps_.spend(100 * degree * degree);
    return ok;
  }

  Algebraic power(const Expr& expr) {
    Algebraic result = number_of(expr.args[0]);
    const Expr& exponent = expr.args[1];
    ok = ok && exponent.op() == Op::number && exponent.number().bits() < 6;
    if (!ok) return result;
    const slong numerator = fmpz_get_si(exponent.number().numerator());
    const slong root = fmpz_get_si(exponent.number().denominator());
    const slong degree = qqbar_degree(result.get());
    ok = !(qqbar_is_zero(result.get()) && numerator < 0) && degree * root <= kMaxDegree &&
         qqbar_height_bits(result.get()) * std::abs(numerator) <= kMaxBits &&
         steps_.spend(200 * degree * degree * root * root * (1 + std::abs(numerator)));
    if (!ok) return result;
    const bool real_root =
        root % 2 == 1 && root > 1 && qqbar_is_real(result.get()) && qqbar_sgn_re(result.get()) < 0;
    if (real_root) qqbar_neg(result.get(), result.get());
    if (root > 1) qqbar_root_ui(result.get(), result.get(), static_cast<ulong>(root));
    if (real_root) qqbar_neg(result.get(), result.get());
    qqbar_pow_ui(result.get(), result.get(), static_cast<ulong>(std::abs(numerator)));
    if (numerator < 0) qqbar_inv(result.get(), result.get());
    return result;
  }

  // sin, cos and tan of a rational multiple of pi.
  Algebraic trigonometric(const Expr& expr) {
    Algebraic result;
    const Function function = expr.function();
    const auto multiple = expr.args.size() == 1 ? multiple_of_pi(expr.args[0]) : std::nullopt;
    const Rational angle = multiple.value_or(Rational());
    ok = multiple && (function == Function::sin || function == Function::cos || function == Function::tan) &&
         angle.bits() < 16 && fmpz_cmp_ui(angle.denominator(), 24) <= 0 && steps_.spend(5000);
    if (!ok) return result;
    const slong p = fmpz_get_si(angle.numerator());
    const ulong q = fmpz_get_ui(angle.denominator());
    if (function == Function::sin) qqbar_sin_pi(result.get(), p, q);
    if (function == Function::cos) qqbar_cos_pi(result.get(), p, q);
    if (function == Function::tan) ok = qqbar_tan_pi(result.get(), p, q) != 0;
    ok = ok && qqbar_degree(result.get()) <= kMaxDegree;
    return result;
  }

  static std::optional<Rational> multiple_of_pi(const Expr& expr) {
    if (expr.op() == Op::degrees && expr.args[0].op() == Op::number)
      return product_of(expr.args[0].number(), Rational(1, 180));
    if (expr.op() == Op::pi) return Rational(1);
    if (expr.op() != Op::multiply) return std::nullopt;
    Rational angle(1);
    int pis = 0;
    for (const Expr& factor : expr.args) {
      if (factor.op() == Op::pi)
        ++pis;
      else if (factor.op() == Op::number)
        fmpq_mul(angle.get(), angle.get(), factor.number().get());
      else
        return std::nullopt;
    }
    return pis == 1 ? std::optional(std::move(angle)) : std::nullopt;
  }

  Steps& steps_;
};

}  // namespace

bool proves_same_algebraic_number(const Expr& a, const Expr& b, Steps& steps) {
  Builder builder(steps);
  const Algebraic left = builder.number_of(a);
  const Algebraic right = builder.number_of(b);
  return builder.ok && qqbar_equal(left.get(), right.get()) != 0;
}

}  // namespace deepscaler
