#include "verify/compare/value_range.h"

#include <cmath>
#include <utility>

#include "verify/algebra/evaluate.h"
#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

std::optional<Rational> bound_sum(const std::optional<Rational>& a, const std::optional<Rational>& b) {
  return a && b ? std::optional(sum_of(*a, *b)) : std::nullopt;
}

std::optional<Rational> scaled(const Rational& factor, const std::optional<Rational>& bound) {
  return bound ? std::optional(product_of(factor, *bound)) : std::nullopt;
}

// The larger or the smaller of two bounds, where no bound is beyond all others.
std::optional<Rational> bound_of(bool larger, bool none_wins, const std::optional<Rational>& a,
                                 const std::optional<Rational>& b) {
  if (!a || !b) return none_wins ? std::nullopt : (a ? a : b);
  return (*a < *b) == larger ? b : a;
}

ValueRange range_of_constant(const Expr& expr, Steps& steps) {
  Value value = evaluate(expr, {.precision = 64}, steps);
  if (value.status == Value::Status::exact) return {value.rational, value.rational};
  if (!value.is_known() || !value.ball.is_real()) return {};
  const double middle = arf_get_d(arb_midref(value.ball.real()), ARF_RND_NEAR);
  const double around = 1e-9 * (1 + std::abs(middle));
  if (!std::isfinite(middle) || arb_rel_accuracy_bits(value.ball.real()) < 40) return {};
  return {exactly(middle - around), exactly(middle + around)};
}

ValueRange squared(const Expr& base, bool root, Steps& steps);

}  // namespace

Rational exactly(double value) {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  Rational result(static_cast<slong>(std::ldexp(mantissa, 53)));
  const slong shift = exponent - 53;
  if (shift >= 0) {
    fmpq_mul_2exp(result.get(), result.get(), static_cast<ulong>(shift));
  } else {
    fmpq_div_2exp(result.get(), result.get(), static_cast<ulong>(-shift));
  }
  return result;
}

ValueRange range_of(const Expr& expr, Steps& steps) {
  if (free_symbols(expr).empty()) return range_of_constant(expr, steps);
  switch (expr.op()) {
    case Op::add: {
      ValueRange total{Rational(0), Rational(0)};
      for (const Expr& arg : expr.args) {
        const ValueRange range = range_of(arg, steps);
        total = {bound_sum(total.least, range.least), bound_sum(total.most, range.most)};
      }
      return total;
    }
    case Op::multiply: {  // a number times something
      if (expr.args.size() != 2 || expr.args[0].op() != Op::number || expr.args[0].number().is_zero())
        return {};
      const Rational& factor = expr.args[0].number();
      const ValueRange range = range_of(expr.args[1], steps);
      ValueRange result{scaled(factor, range.least), scaled(factor, range.most)};
      if (factor.sign() < 0) std::swap(result.least, result.most);
      return result;
    }
    case Op::power: {
      const Expr &base = expr.args[0], &exponent = expr.args[1];
      if (base.op() == Op::euler) return {.least = Rational(0)};
      if (exponent.op() != Op::number) return {};
      const bool root = fmpz_is_even(exponent.number().denominator());
      if (root || is_number(exponent, 2) || is_number(exponent, 4)) return squared(base, root, steps);
      return {};
    }
    case Op::call:
      switch (expr.function()) {
        case Function::sin:
        case Function::cos:
          return {Rational(-1), Rational(1)};
        case Function::abs:
        case Function::exp:
          return {.least = Rational(0)};
        case Function::cosh:
          return {.least = Rational(1)};
        case Function::max:
        case Function::min: {
          const bool larger = expr.function() == Function::max;
          ValueRange range = range_of(expr.args[0], steps);
          for (const Expr& arg : expr.args) {
            const ValueRange other = range_of(arg, steps);
            range = {bound_of(larger, !larger, range.least, other.least),
                     bound_of(larger, larger, range.most, other.most)};
          }
          return range;
        }
        default:
          return {};
      }
    default:
      return {};
  }
}

namespace {

// Of even powers, and of roots, which are not negative either.
ValueRange squared(const Expr& base, bool root, Steps& steps) {
  ValueRange result{.least = Rational(0)};
  const ValueRange range = range_of(base, steps);
  const bool within_one =
      range.least && range.most && !(*range.least < Rational(-1)) && !(Rational(1) < *range.most);
  if (within_one && !root) result.most = Rational(1);
  return result;
}

}  // namespace

bool keeps_its_sign(const Expr& expr, Steps& steps) {
  const ValueRange range = range_of(expr, steps);
  return (range.least && range.least->sign() >= 0) || (range.most && range.most->sign() <= 0);
}

}  // namespace deepscaler
