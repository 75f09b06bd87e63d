#include "verify/algebra/separation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

// The least agreement, whatever the size: some 80 digits.
constexpr double kLeastBits = 256;

class Sizer {
 public:
  Sizer(const Evaluation& at, Steps& steps) : at_(at), steps_(steps) {}

  double size_of(const Expr& expr) {
    if (!steps_.spend(1)) return kUnbounded;
    switch (expr.op()) {
      case Op::number:
      case Op::based:
        return size_of(expr.number());
      case Op::symbol: {
        const auto found = at_.point.find(expr.name());
        return found == at_.point.end() ? 8 : size_of(found->second);
      }
      case Op::power:
        return power(expr);
      case Op::call:
        return call(expr);
      case Op::sum:
      case Op::product:
        return series(expr);
      case Op::quantity:
        return size_of(expr.measure().factor) + size_of(expr.args[0]);
      default:
        return 2 + size_of_args(expr);
    }
  }

 private:
  static double size_of(const Rational& number) {
    return 1 + static_cast<double>(fmpz_bits(number.numerator()) + fmpz_bits(number.denominator()));
  }

  double size_of_args(const Expr& expr) {
    double total = 0;
    for (const Expr& arg : expr.args) total += size_of(arg);
    return total;
  }

  // An upper bound of |value|; infinite where there is none.
  double magnitude_of(const Expr& expr) {
    Evaluation at = at_;
    at.precision = 64;
    Value value = evaluate(expr, at, steps_);
    if (!value.is_known()) return kUnbounded;
    make_ball(value, at.precision);
    mag_t bound;
    mag_init(bound);
    acb_get_mag(bound, value.ball.get());
    const double result = mag_cmp_2exp_si(bound, 60) > 0 ? kUnbounded : mag_get_d(bound);
    mag_clear(bound);
    return result;
  }

  // A base so many times; of e, a factor for each unit of the exponent.
  double power(const Expr& expr) {
    const Expr &base = expr.args[0], &exponent = expr.args[1];
    const double times = std::max(1.0, magnitude_of(exponent));
    return times * (1 + size_of(base)) + size_of(exponent);
  }

  double call(const Expr& expr) {
    const double args = 2 + size_of_args(expr);
    if (expr.args.empty()) return args;
    switch (expr.function()) {
      case Function::exp:
      case Function::sinh:
      case Function::cosh:
      case Function::tanh:
      case Function::coth:
      case Function::sech:
      case Function::csch:
        return args + 3 * magnitude_of(expr.args[0]);
      case Function::sin:
      case Function::cos:
      case Function::tan:
      case Function::sec:
      case Function::csc:
      case Function::cot:
      case Function::cis: {  // far off the real line they grow like e^x
        const bool real = !contains(expr, Op::imaginary);
        return args + (real ? 0 : 3 * magnitude_of(expr.args[0]));
      }
      case Function::factorial:
      case Function::double_factorial:
      case Function::permutations: {
        const double n = magnitude_of(expr.args[0]);
        return args + n * (1 + std::log2(1 + n));
      }
      case Function::binom:
        return args + magnitude_of(expr.args[0]);
      default:
        return args;
    }
  }

  double series(const Expr& expr) {
    const double terms = magnitude_of(expr.args[1]) + magnitude_of(expr.args[2]) + 1;
    return terms * (size_of(expr.args[3]) + std::log2(1 + terms));
  }

  const Evaluation& at_;
  Steps& steps_;
};

}  // namespace

double written_out_bits(const Expr& expr, const Evaluation& at, Steps& steps) {
  return Sizer(at, steps).size_of(expr);
}

double bits_to_agree(double written_out_bits) { return std::max(kLeastBits, 64 + 2 * written_out_bits); }

double known_bits(const Value& value) {
  if (value.status == Value::Status::exact) return kUnbounded;
  const auto relative = static_cast<double>(acb_rel_accuracy_bits(value.ball.get()));
  mag_t radius;
  mag_init(radius);
  mag_max(radius, arb_radref(acb_realref(value.ball.get())), arb_radref(acb_imagref(value.ball.get())));
  const double absolute = mag_is_zero(radius) != 0 ? kUnbounded : -mag_get_d_log2_approx(radius);
  mag_clear(radius);
  return std::max(relative, absolute);
}

}  // namespace deepscaler
