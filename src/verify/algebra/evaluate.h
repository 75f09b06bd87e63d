// The value of an expression at a point, with a guaranteed error: exactly as long as it is rational,
// then as a complex ball (Arb: midpoint and radius that surely contain the value).
//
// FLINT and Arb stop the process on some inputs and take for ever on others, so every operation is
// preceded by bounds on bits, degree and magnitude; what exceeds them is `out_of_reach`.
#pragma once

#include <acb.h>

#include <cstdint>
#include <map>
#include <string>

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

// A complex ball with an owner.
class Ball {
 public:
  Ball() { acb_init(value_); }
  Ball(const Ball& other) : Ball() { acb_set(value_, other.value_); }
  Ball(Ball&& other) noexcept : Ball() { acb_swap(value_, other.value_); }
  Ball& operator=(Ball other) noexcept {
    acb_swap(value_, other.value_);
    return *this;
  }
  ~Ball() { acb_clear(value_); }

  [[nodiscard]] acb_ptr get() { return value_; }
  [[nodiscard]] acb_srcptr get() const { return value_; }
  [[nodiscard]] arb_ptr real() { return acb_realref(value_); }
  [[nodiscard]] arb_srcptr real() const { return acb_realref(value_); }
  [[nodiscard]] bool is_real() const { return arb_is_zero(acb_imagref(value_)); }

 private:
  acb_t value_;
};

struct Value {
  enum class Status : uint8_t {
    exact,         // `rational`
    ball,          // `ball`
    huge,          // a real number above 2^(2^50), or below its negative: `rational` is its sign
    undefined,     // no value here: a division by zero, or a root or logarithm outside the reals
    imprecise,     // a higher precision may help
    out_of_reach,  // a bound was exceeded, or the function is unknown
  };
  Status status = Status::out_of_reach;
  Rational rational;
  Ball ball;

  [[nodiscard]] bool is_known() const { return status == Status::exact || status == Status::ball; }
};

struct Evaluation {
  std::map<std::string, Rational> point = {};  // values of symbols (and of unknown calls, by their text)
  slong precision = 64;                        // bits
  bool real_only = false;    // whether roots and logarithms of negative numbers are undefined
  bool natural_log = false;  // whether a logarithm without a base is natural, or to the base ten
  bool empty_ranges = true;  // whether a sum from 1 to 0 is 0; below that it is always undefined
};

// Not thread-safe in `steps`. Does not throw.
[[nodiscard]] Value evaluate(const Expr& expr, const Evaluation& evaluation, Steps& steps);

// Turns an exact value into a ball; a ball stays as it is.
void make_ball(Value& value, slong precision);

}  // namespace deepscaler
