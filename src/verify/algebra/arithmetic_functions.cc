// The named functions of arithmetic.h.
#include <arb.h>
#include <flint/fmpz.h>

#include <algorithm>
#include <cmath>

#include "verify/algebra/arithmetic.h"

namespace deepscaler {
namespace {

using Status = Value::Status;

constexpr slong kMaxAngleBits = 64;  // sin(2^64) still costs what sin(1) does
constexpr slong kMaxGammaPrecision = 1024;
constexpr ulong kMaxExactFactorial = 2000;

bool is_integer(const Value& value) { return value.status == Status::exact && value.rational.is_integer(); }

void invert(acb_ptr value, slong precision) { acb_inv(value, value, precision); }

}  // namespace

Value Arithmetic::apply(Function function, std::span<Value> args) const {
  if (!steps.spend(20 + (precision / 64) * (precision / 64) / 2)) return failed_value(Status::out_of_reach);
  const auto wrong_count = [&](size_t least, size_t most) {
    return args.size() < least || args.size() > most;
  };
  switch (function) {
    case Function::binom:
      return wrong_count(2, 2) ? failed_value(Status::out_of_reach) : binomial(args[0], args[1]);
    case Function::permutations: {
      if (wrong_count(2, 2)) return failed_value(Status::out_of_reach);
      const Value chosen = binomial(args[0], args[1]), orders = gamma_of_next(args[1]);
      if (!chosen.is_known()) return chosen;
      if (!orders.is_known()) return orders;
      return multiply(chosen, orders);
    }
    case Function::gcd:
    case Function::lcm:
    case Function::mod:
      return of_integers(function, args);
    case Function::max:
    case Function::min: {
      if (args.empty()) return failed_value(Status::out_of_reach);
      Value best = args[0];
      for (const Value& arg : args.subspan(1)) {
        if (best.status == Status::exact && arg.status == Status::exact) {
          if ((best.rational < arg.rational) == (function == Function::max)) best = arg;
          continue;
        }
        const Value a = as_ball(best, precision), b = as_ball(arg, precision);
        if (!a.ball.is_real() || !b.ball.is_real()) return failed_value(Status::undefined);
        if (arb_overlaps(a.ball.real(), b.ball.real())) return failed_value(Status::imprecise);
        if (arb_gt(b.ball.real(), a.ball.real()) == (function == Function::max)) best = arg;
      }
      return best;
    }
    case Function::log:
      if (wrong_count(1, 2)) return failed_value(Status::out_of_reach);
      return logarithm(args[0], args.size() == 2 ? &args[1] : nullptr);
    default:
      break;
  }
  if (wrong_count(1, 1)) return failed_value(Status::out_of_reach);
  switch (function) {
    case Function::floor:
    case Function::ceil:
    case Function::abs:
    case Function::sgn:
      return rounded(function, std::move(args[0]));
    case Function::factorial:
      return gamma_of_next(std::move(args[0]));
    case Function::double_factorial:
      return of_integers(function, args);
    case Function::ln:
      return natural_logarithm(std::move(args[0]));
    case Function::exp:
      return exponential(args[0]);
    default:
      return analytic(function, std::move(args[0]));
  }
}

Value Arithmetic::logarithm(const Value& number, const Value* base) const {
  if (base == nullptr && natural_log) return natural_logarithm(number);
  const Value ten = exact_value(Rational(10));
  const Value& radix = base == nullptr ? ten : *base;
  if (number.status == Status::exact && radix.status == Status::exact && number.rational.bits() < 8192 &&
      number.rational.sign() > 0 && radix.rational.sign() > 0 && radix.rational.bits() < 64) {
    // log_2 8 is exactly 3: floors of logarithms need it.
    const double guess =
        std::round(fmpz_dlog(number.rational.numerator()) - fmpz_dlog(number.rational.denominator())) == 0
            ? 0
            : std::round((fmpz_dlog(number.rational.numerator()) - fmpz_dlog(number.rational.denominator())) /
                         (fmpz_dlog(radix.rational.numerator()) - fmpz_dlog(radix.rational.denominator())));
    if (std::abs(guess) < 8192 && !fmpq_is_one(radix.rational.get())) {
      Rational power;
      fmpq_pow_si(power.get(), radix.rational.get(), static_cast<slong>(guess));
      if (power == number.rational) return exact_value(Rational(static_cast<slong>(guess)));
    }
  }
  const Value over = natural_logarithm(number), under = natural_logarithm(radix);
  if (!over.is_known()) return over;
  if (!under.is_known()) return under;
  return multiply(over, integer_power(under, Rational(-1)));
}

Value Arithmetic::natural_logarithm(Value number) const {
  if (number.status == Status::exact) {
    if (number.rational.is_zero()) return failed_value(Status::undefined);
    if (fmpq_is_one(number.rational.get())) return exact_value(Rational(0));
  }
  make_ball(number, precision);
  if (acb_contains_zero(number.ball.get())) return failed_value(Status::imprecise);
  if (real_only && number.ball.is_real() && arb_is_negative(number.ball.real()))
    return failed_value(Status::undefined);
  acb_log(number.ball.get(), number.ball.get(), precision);
  return finite_ball(std::move(number));
}

// Functions that are exact on rationals and jump or bend elsewhere.
Value Arithmetic::rounded(Function function, Value value) const {
  if (value.status == Status::exact) {
    fmpq* number = value.rational.get();
    if (function == Function::abs) fmpq_abs(number, number);
    if (function == Function::sgn) fmpq_set_si(number, fmpq_sgn(number), 1);
    if (function == Function::floor)
      fmpz_fdiv_q(fmpq_numref(number), fmpq_numref(number), fmpq_denref(number));
    if (function == Function::ceil)
      fmpz_cdiv_q(fmpq_numref(number), fmpq_numref(number), fmpq_denref(number));
    if (function == Function::floor || function == Function::ceil) fmpz_one(fmpq_denref(number));
    return value;
  }
  if (function == Function::abs) {
    Value result;
    acb_abs(result.ball.real(), value.ball.get(), precision);
    return finite_ball(std::move(result));
  }
  if (!value.ball.is_real()) return failed_value(Status::undefined);
  if (function == Function::sgn) {
    if (arb_contains_zero(value.ball.real())) return failed_value(Status::imprecise);
    return exact_value(Rational(arb_is_positive(value.ball.real()) ? 1 : -1));
  }
  if (may_exceed(value, precision / 2)) return failed_value(Status::imprecise);
  (function == Function::floor ? arb_floor : arb_ceil)(value.ball.real(), value.ball.real(), precision);
  Rational integer;
  if (!arb_get_unique_fmpz(integer.numerator(), value.ball.real())) return failed_value(Status::imprecise);
  return exact_value(std::move(integer));
}

Value Arithmetic::gamma_of_next(Value value) const {
  if (is_integer(value)) {
    if (value.rational.sign() < 0) return failed_value(Status::undefined);
    if (fmpz_cmp_ui(value.rational.numerator(), kMaxExactFactorial) <= 0) {
      if (!steps.spend(200)) return failed_value(Status::out_of_reach);
      fmpz_fac_ui(value.rational.numerator(), fmpz_get_ui(value.rational.numerator()));
      return value;
    }
  }
  if (precision > kMaxGammaPrecision) return failed_value(Status::out_of_reach);
  if (!steps.spend(400 + precision * precision / 256)) return failed_value(Status::out_of_reach);
  make_ball(value, precision);
  if (may_exceed(value, 45)) {
    Value large = failed_value(Status::out_of_reach);
    if (value.ball.is_real() && arb_is_positive(value.ball.real())) {
      large.status = Status::huge;
      large.rational = Rational(1);
    }
    return large;
  }
  acb_add_ui(value.ball.get(), value.ball.get(), 1, precision);
  acb_gamma(value.ball.get(), value.ball.get(), precision);
  return finite_ball(std::move(value));
}

Value Arithmetic::binomial(const Value& n, const Value& k) const {
  if (is_integer(n) && is_integer(k) && n.rational.sign() >= 0) {
    if (k.rational.sign() < 0 || n.rational < k.rational) return exact_value(Rational(0));
    if (fmpz_cmp_ui(n.rational.numerator(), 4 * kMaxExactFactorial) <= 0) {
      if (!steps.spend(400)) return failed_value(Status::out_of_reach);
      Value result = exact_value(Rational(0));
      fmpz_bin_uiui(result.rational.numerator(), fmpz_get_ui(n.rational.numerator()),
                    fmpz_get_ui(k.rational.numerator()));
      return result;
    }
  }
  Value minus_k = k;
  minus_k = multiply(std::move(minus_k), exact_value(Rational(-1)));
  const Value over = gamma_of_next(n);
  const Value under = multiply(gamma_of_next(k), gamma_of_next(add(n, minus_k)));
  if (!over.is_known()) return over;
  if (!under.is_known()) return under;
  return multiply(over, power(under, exact_value(Rational(-1))));
}

Value Arithmetic::of_integers(Function function, std::span<Value> args) const {
  if (args.empty()) return failed_value(Status::out_of_reach);
  if (!std::all_of(args.begin(), args.end(), is_integer)) {
    const bool exact =
        std::ranges::all_of(args, [](const Value& arg) { return arg.status == Status::exact; });
    return failed_value(exact ? Status::undefined : Status::out_of_reach);
  }
  if (!steps.spend(20 * static_cast<int64_t>(args.size()))) return failed_value(Status::out_of_reach);
  if (function == Function::double_factorial) {
    const Rational& n = args[0].rational;
    if (n.sign() < 0) return failed_value(Status::undefined);
    if (fmpz_cmp_ui(n.numerator(), kMaxExactFactorial) > 0) return failed_value(Status::out_of_reach);
    Value result = exact_value(Rational(1));
    for (slong i = fmpz_get_si(n.numerator()); i > 1; i -= 2) {
      fmpz_mul_si(result.rational.numerator(), result.rational.numerator(), i);
    }
    return result;
  }
  if (function == Function::mod) {
    if (args.size() != 2 || args[1].rational.is_zero()) return failed_value(Status::undefined);
    Value result = args[0];
    fmpz_fdiv_r(result.rational.numerator(), args[0].rational.numerator(), args[1].rational.numerator());
    return result;
  }
  Value result = args[0];
  for (const Value& arg : args.subspan(1)) {
    (function == Function::gcd ? fmpz_gcd : fmpz_lcm)(result.rational.numerator(),
                                                      result.rational.numerator(), arg.rational.numerator());
    if (result.rational.bits() > 8192) return failed_value(Status::out_of_reach);
  }
  return result;
}

Value Arithmetic::analytic(Function function, Value value) const {
  const bool exact_zero = value.status == Status::exact && value.rational.is_zero();
  if (may_exceed(value, kMaxAngleBits)) return failed_value(Status::out_of_reach);
  make_ball(value, precision);
  acb_ptr z = value.ball.get();
  const bool reciprocal_argument = function == Function::arcsec || function == Function::arccsc;
  if (reciprocal_argument) {
    if (acb_contains_zero(z)) return failed_value(exact_zero ? Status::undefined : Status::imprecise);
    invert(z, precision);
  }
  bool reciprocal = false;
  switch (function) {
    case Function::csc:
      reciprocal = true;
      [[fallthrough]];
    case Function::sin:
      acb_sin(z, z, precision);
      break;
    case Function::sec:
      reciprocal = true;
      [[fallthrough]];
    case Function::cos:
      acb_cos(z, z, precision);
      break;
    case Function::cis:
      acb_mul_onei(z, z);
      acb_exp(z, z, precision);
      break;
    case Function::cot:
      acb_cot(z, z, precision);
      break;
    case Function::tan:
      acb_tan(z, z, precision);
      break;
    case Function::arccsc:
    case Function::arcsin:
      acb_asin(z, z, precision);
      break;
    case Function::arcsec:
    case Function::arccos:
      acb_acos(z, z, precision);
      break;
    case Function::arctan:
      acb_atan(z, z, precision);
      break;
    case Function::arccot: {  // pi/2 - arctan
      acb_atan(z, z, precision);
      Ball quarter;
      acb_const_pi(quarter.get(), precision);
      acb_mul_2exp_si(quarter.get(), quarter.get(), -1);
      acb_sub(z, quarter.get(), z, precision);
      break;
    }
    case Function::csch:
      reciprocal = true;
      [[fallthrough]];
    case Function::sinh:
      acb_sinh(z, z, precision);
      break;
    case Function::sech:
      reciprocal = true;
      [[fallthrough]];
    case Function::cosh:
      acb_cosh(z, z, precision);
      break;
    case Function::coth:
      acb_coth(z, z, precision);
      break;
    case Function::tanh:
      acb_tanh(z, z, precision);
      break;
    case Function::arsinh:
      acb_asinh(z, z, precision);
      break;
    case Function::arcosh:
      acb_acosh(z, z, precision);
      break;
    case Function::artanh:
      acb_atanh(z, z, precision);
      break;
    case Function::real_part:
      arb_zero(acb_imagref(z));
      break;
    case Function::imaginary_part:
      arb_swap(acb_realref(z), acb_imagref(z));
      arb_zero(acb_imagref(z));
      break;
    case Function::conjugate:
      acb_conj(z, z);
      break;
    case Function::argument:
      acb_arg(acb_realref(z), z, precision);
      arb_zero(acb_imagref(z));
      break;
    default:
      return failed_value(Status::out_of_reach);
  }
  if (reciprocal) {
    if (acb_contains_zero(z)) return failed_value(Status::imprecise);
    invert(z, precision);
  }
  return finite_ball(std::move(value));
}

}  // namespace deepscaler
