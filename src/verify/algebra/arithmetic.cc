#include "verify/algebra/arithmetic.h"

#include <algorithm>

namespace deepscaler {
namespace {

using Status = Value::Status;

// Exact numbers stay below this; larger ones become balls.
constexpr slong kMaxExactBits = 20'000;
// Above 2^(2^50), or with an exponent of more bits than this, a number is just huge.
constexpr slong kHugeExponentBits = 50;

// Of two arguments, the one that decides that there is no value; null when both are known.
const Value* unknown_of(const Value& a, const Value& b) {
  for (const Status status : {Status::undefined, Status::out_of_reach, Status::imprecise, Status::huge}) {
    if (a.status == status) return &a;
    if (b.status == status) return &b;
  }
  return nullptr;
}

Value huge(int sign) {
  Value value = exact_value(Rational(sign));
  value.status = Status::huge;
  return value;
}

// The cost of an elementary function at this precision.
int64_t transcendental_cost(slong precision) { return 20 + precision / 64 * (precision / 64) / 2; }

enum class Sign : uint8_t { negative, zero, positive, open, complex };

Sign sign_of(const Value& value) {
  if (value.status == Status::exact) {
    const int sign = value.rational.sign();
    return sign > 0 ? Sign::positive : sign < 0 ? Sign::negative : Sign::zero;
  }
  if (!value.ball.is_real()) return Sign::complex;
  if (arb_is_positive(value.ball.real())) return Sign::positive;
  if (arb_is_negative(value.ball.real())) return Sign::negative;
  return arb_is_zero(value.ball.real()) ? Sign::zero : Sign::open;
}

// Whether a ball is a real number above 2^(kHugeExponentBits - 1).
bool surely_exceeds(const Value& value) {
  if (sign_of(value) != Sign::positive) return false;
  mag_t least;
  mag_init(least);
  arb_get_mag_lower(least, value.ball.real());
  const bool exceeds = mag_cmp_2exp_si(least, kHugeExponentBits - 1) > 0;
  mag_clear(least);
  return exceeds;
}

Value negated(Value value) {
  if (value.status == Status::exact || value.status == Status::huge) {
    fmpq_neg(value.rational.get(), value.rational.get());
  } else {
    acb_neg(value.ball.get(), value.ball.get());
  }
  return value;
}

}  // namespace

Value as_ball(Value value, slong precision) {
  make_ball(value, precision);
  return value;
}

Value finite_ball(Value value) {
  if (!acb_is_finite(value.ball.get())) return failed_value(Status::imprecise);
  value.status = Status::ball;
  return value;
}

bool may_exceed(const Value& value, slong bits) {
  if (value.status == Status::exact) {
    return static_cast<slong>(fmpz_bits(value.rational.numerator())) -
               static_cast<slong>(fmpz_bits(value.rational.denominator())) >=
           bits;
  }
  mag_t magnitude;
  mag_init(magnitude);
  acb_get_mag(magnitude, value.ball.get());
  const bool exceeds = mag_cmp_2exp_si(magnitude, bits) > 0;
  mag_clear(magnitude);
  return exceeds;
}

Value exact_value(Rational rational) {
  Value value;
  value.status = Status::exact;
  value.rational = std::move(rational);
  return value;
}

Value failed_value(Status status) {
  Value value;
  value.status = status;
  return value;
}

Value Arithmetic::add(Value a, Value b) const {
  if (const Value* unknown = unknown_of(a, b)) {
    const bool one_huge = unknown->status == Status::huge && (a.is_known() || b.is_known());
    const Value& other = unknown == &a ? b : a;
    if (one_huge && may_exceed(other, 1 << 20)) return failed_value(Status::out_of_reach);
    return unknown->status != Status::huge || one_huge ? Value(*unknown) : failed_value(Status::out_of_reach);
  }
  if (!steps.spend(precision / 64)) return failed_value(Status::out_of_reach);
  if (a.status == Status::exact && b.status == Status::exact &&
      a.rational.bits() + b.rational.bits() < kMaxExactBits) {
    fmpq_add(a.rational.get(), a.rational.get(), b.rational.get());
    return a;
  }
  make_ball(a, precision);
  make_ball(b, precision);
  acb_add(a.ball.get(), a.ball.get(), b.ball.get(), precision);
  return finite_ball(std::move(a));
}

Value Arithmetic::multiply(Value a, Value b) const {
  if (const Value* unknown = unknown_of(a, b)) {
    if (unknown->status != Status::huge) return *unknown;
    const Value& other = unknown == &a ? b : a;
    if (other.status != Status::exact || other.rational.is_zero()) return failed_value(Status::out_of_reach);
    return other.rational.sign() < 0 ? negated(*unknown) : *unknown;
  }
  if (!steps.spend(precision / 64)) return failed_value(Status::out_of_reach);
  if (a.status == Status::exact && b.status == Status::exact &&
      a.rational.bits() + b.rational.bits() < kMaxExactBits) {
    fmpq_mul(a.rational.get(), a.rational.get(), b.rational.get());
    return a;
  }
  make_ball(a, precision);
  make_ball(b, precision);
  acb_mul(a.ball.get(), a.ball.get(), b.ball.get(), precision);
  return finite_ball(std::move(a));
}

Value Arithmetic::exponential(const Value& exponent) const {
  if (exponent.status == Status::huge && exponent.rational.sign() > 0) return huge(1);
  if (!exponent.is_known())
    return exponent.status == Status::huge ? failed_value(Status::out_of_reach) : exponent;
  if (exponent.status == Status::exact && exponent.rational.is_zero()) return exact_value(Rational(1));
  if (!steps.spend(transcendental_cost(precision))) return failed_value(Status::out_of_reach);
  if (may_exceed(exponent, kHugeExponentBits)) {
    return sign_of(exponent) == Sign::positive ? huge(1) : failed_value(Status::out_of_reach);
  }
  Value result = as_ball(exponent, precision);
  acb_exp(result.ball.get(), result.ball.get(), precision);
  return finite_ball(std::move(result));
}

Value Arithmetic::power(const Value& base, const Value& exponent) const {
  if (exponent.status == Status::huge && base.status == Status::exact && exponent.rational.sign() > 0 &&
      Rational(1) < base.rational) {
    return huge(1);
  }
  if (base.status == Status::huge && exponent.status == Status::exact && base.rational.sign() > 0 &&
      !(exponent.rational < Rational(1))) {
    return huge(1);
  }
  if (const Value* unknown = unknown_of(base, exponent)) {
    return unknown->status == Status::huge ? failed_value(Status::out_of_reach) : *unknown;
  }
  if (exponent.status == Status::exact) return rational_power(base, exponent.rational);
  if (!steps.spend(2 * transcendental_cost(precision))) return failed_value(Status::out_of_reach);
  const Sign sign = sign_of(base);
  if (sign == Sign::zero) {
    return sign_of(exponent) == Sign::positive ? exact_value(Rational(0)) : failed_value(Status::imprecise);
  }
  if (sign == Sign::open) return failed_value(Status::imprecise);
  if (sign == Sign::negative && real_only) return failed_value(Status::undefined);
  if (may_exceed(exponent, kHugeExponentBits)) {
    const bool grows =
        base.status == Status::exact && Rational(1) < base.rational && surely_exceeds(exponent);
    return grows ? huge(1) : failed_value(Status::out_of_reach);
  }
  Value result = as_ball(base, precision);
  const Value raised = as_ball(exponent, precision);
  acb_pow(result.ball.get(), result.ball.get(), raised.ball.get(), precision);
  return finite_ball(std::move(result));
}

Value Arithmetic::rational_power(const Value& base, const Rational& exponent) const {
  if (exponent.is_integer()) return integer_power(base, exponent);
  if (exponent.bits() > kHugeExponentBits) return failed_value(Status::out_of_reach);
  if (!steps.spend(transcendental_cost(precision))) return failed_value(Status::out_of_reach);
  switch (sign_of(base)) {
    case Sign::zero:
      return exponent.sign() > 0 ? exact_value(Rational(0)) : failed_value(Status::undefined);
    case Sign::open:
      return failed_value(Status::imprecise);
    case Sign::positive:
      return root_of_positive(base, exponent);
    case Sign::negative:
      if (fmpz_is_odd(exponent.denominator())) {  // the real root: (-8)^(1/3) is -2
        Value root = root_of_positive(negated(base), exponent);
        return fmpz_is_odd(exponent.numerator()) && root.is_known() ? negated(std::move(root)) : root;
      }
      if (real_only) return failed_value(Status::undefined);
      break;
    case Sign::complex:
      break;
  }
  Value result = as_ball(base, precision);
  const Value raised = as_ball(exact_value(exponent), precision);
  acb_pow(result.ball.get(), result.ball.get(), raised.ball.get(), precision);
  return finite_ball(std::move(result));
}

Value Arithmetic::integer_power(const Value& base, const Rational& exponent) const {
  const fmpz* power = exponent.numerator();
  const bool negative = fmpz_sgn(power) < 0;
  if (sign_of(base) == Sign::zero) {
    if (negative) return failed_value(Status::undefined);
    return exact_value(Rational(fmpz_is_zero(power) ? 1 : 0));
  }
  const bool tiny_power = fmpz_bits(power) < 20;
  if (base.status == Status::exact) {
    if (fmpz_is_pm1(base.rational.numerator()) && base.rational.is_integer()) {
      const bool minus = base.rational.sign() < 0 && fmpz_is_odd(power);
      return exact_value(Rational(minus ? -1 : 1));
    }
    const slong bits = tiny_power ? base.rational.bits() * std::abs(fmpz_get_si(power)) : kMaxExactBits;
    if (bits < kMaxExactBits) {
      if (!steps.spend((1 + bits / 256) * (1 + bits / 8192))) return failed_value(Status::out_of_reach);
      Value result = base;
      fmpq_pow_si(result.rational.get(), base.rational.get(), fmpz_get_si(power));
      return result;
    }
  }
  const Value magnitude = exact_value(exponent);
  if (may_exceed(magnitude, kHugeExponentBits)) {
    const bool grows = base.status == Status::exact && Rational(1) < base.rational && !negative;
    return grows ? huge(1) : failed_value(Status::out_of_reach);
  }
  if (may_exceed(base, slong{1} << 40)) return failed_value(Status::out_of_reach);
  if (!steps.spend(2 * static_cast<int64_t>(fmpz_bits(power)) * (precision / 64 + 1))) {
    return failed_value(Status::out_of_reach);
  }
  Value result = as_ball(base, precision);
  if (negative && acb_contains_zero(result.ball.get())) return failed_value(Status::imprecise);
  acb_pow_fmpz(result.ball.get(), result.ball.get(), power, precision);
  return finite_ball(std::move(result));
}

// An exact root where there is one: sqrt(9/4) is 3/2.
Value Arithmetic::root_of_positive(const Value& base, const Rational& exponent) const {
  const fmpz* degree = exponent.denominator();
  if (base.status == Status::exact && fmpz_cmp_ui(degree, 64) <= 0 && base.rational.bits() < 4096) {
    const slong n = fmpz_get_si(degree);
    Rational root;
    const bool exact = fmpz_root(root.numerator(), base.rational.numerator(), n) != 0 &&
                       fmpz_root(root.denominator(), base.rational.denominator(), n) != 0;
    if (exact) {
      Rational power;
      fmpz_set(power.numerator(), exponent.numerator());
      return integer_power(exact_value(std::move(root)), power);
    }
  }
  if (may_exceed(base, slong{1} << 40)) return failed_value(Status::out_of_reach);
  Value result = as_ball(base, precision);
  arb_pow_fmpq(result.ball.real(), result.ball.real(), exponent.get(), precision);
  return finite_ball(std::move(result));
}

}  // namespace deepscaler
