// Arithmetic on values that are exact as long as they can be, for evaluate.cc.
#pragma once

#include <span>

#include "verify/algebra/evaluate.h"
#include "verify/algebra/functions.h"

namespace deepscaler {

// What every operation needs to know.
struct Arithmetic {
  slong precision;
  bool real_only;
  bool natural_log;
  Steps& steps;

  [[nodiscard]] Value add(Value a, Value b) const;
  [[nodiscard]] Value multiply(Value a, Value b) const;
  [[nodiscard]] Value power(const Value& base, const Value& exponent) const;
  [[nodiscard]] Value exponential(const Value& exponent) const;
  [[nodiscard]] Value apply(Function function, std::span<Value> args) const;

 private:
  [[nodiscard]] Value rational_power(const Value& base, const Rational& exponent) const;
  [[nodiscard]] Value integer_power(const Value& base, const Rational& exponent) const;
  [[nodiscard]] Value root_of_positive(const Value& base, const Rational& exponent) const;
  [[nodiscard]] Value logarithm(const Value& number, const Value* base) const;
  [[nodiscard]] Value natural_logarithm(Value number) const;
  [[nodiscard]] Value rounded(Function function, Value value) const;
  [[nodiscard]] Value gamma_of_next(Value value) const;  // Gamma(value + 1)
  [[nodiscard]] Value binomial(const Value& n, const Value& k) const;
  [[nodiscard]] Value of_integers(Function function, std::span<Value> args) const;
  [[nodiscard]] Value analytic(Function function, Value value) const;
};

[[nodiscard]] Value as_ball(Value value, slong precision);
// The ball in `value` as its value, or `imprecise` where it has no finite bounds.
[[nodiscard]] Value finite_ball(Value value);
// Whether |value| may exceed 2^bits; of an exact value or a ball.
[[nodiscard]] bool may_exceed(const Value& value, slong bits);
[[nodiscard]] Value exact_value(Rational rational);
[[nodiscard]] Value failed_value(Value::Status status);

}  // namespace deepscaler
