#include "verify/compare/scalar.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/rng.h"
#include "verify/algebra/algebraic.h"
#include "verify/algebra/evaluate.h"
#include "verify/algebra/functions.h"
#include "verify/algebra/normal_form.h"

namespace deepscaler {
namespace {

using Status = Value::Status;

constexpr std::array<slong, 4> kPrecisions = {64, 192, 576, 1536};
constexpr slong kPointPrecision = 128;
constexpr int kPoints = 6;
constexpr int kMaxTries = 40;

bool is_decimal(const Expr& expr) {
  return contains(expr, [](const Expr& part) { return part.op == Op::number && part.decimal; });
}

// Where answers take whole numbers only: at others they may differ and still be equal. Floors alone leave
// x and its like real.
enum class Domain : uint8_t { reals, integers_but_x, integers };

Domain domain_of(const Expr& expr) {
  Domain result = Domain::reals;
  const auto widen = [&](const Expr& part) {
    if (part.op == Op::sum || part.op == Op::product) return true;
    if (part.op == Op::power && part.args[0].op == Op::number && part.args[0].number.sign() < 0) {
      return part.args[1].op != Op::number;
    }
    if (part.op != Op::call) return false;
    switch (function_of(part.text)) {
      case Function::floor:
      case Function::ceil:
        result = Domain::integers_but_x;
        return false;
      case Function::mod:
      case Function::gcd:
      case Function::lcm:
      case Function::factorial:
      case Function::double_factorial:
      case Function::binom:
      case Function::permutations:
        return true;
      default:
        return false;
    }
  };
  return contains(expr, widen) ? Domain::integers : result;
}

bool is_real_name(std::string_view name) {
  constexpr std::string_view kNames[] = {"x", "y", "z", "t", "u", "v", "w", "r", "s", "theta", "alpha"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool is_infinite(const Expr& expr, int& sign) {
  if (expr.op == Op::infinity) {
    sign = 1;
    return true;
  }
  if (expr.op == Op::multiply && expr.args.size() == 2 && expr.args[0].op == Op::number &&
      expr.args[1].op == Op::infinity) {
    sign = expr.args[0].number.sign();
    return true;
  }
  return false;
}

// Half a unit in the last of `places` decimals; below 0.1, of as many significant digits.
void rounding_tolerance(const Value& reference, int places, arb_t tolerance) {
  mag_t magnitude;
  mag_init(magnitude);
  acb_get_mag(magnitude, reference.ball.get());
  const double decimal_exponent = std::floor(mag_get_d_log2_approx(magnitude) * std::log10(2.0)) + 1;
  mag_clear(magnitude);
  const slong shift = decimal_exponent < 0 ? static_cast<slong>(std::max(decimal_exponent, -4000.0)) : 0;
  arb_set_ui(tolerance, 10);
  fmpz_t exponent;
  fmpz_init_set_si(exponent, shift - places);
  arb_pow_fmpz(tolerance, tolerance, exponent, kPointPrecision);
  fmpz_clear(exponent);
  arb_mul_2exp_si(tolerance, tolerance, -1);
}

bool rounds_to(Value reference, Value answer, int places) {
  const auto is_zero = [](const Value& value) {
    return value.status == Status::exact && value.rational.is_zero();
  };
  if (is_zero(reference) || is_zero(answer)) return false;  // 0 equals only 0
  make_ball(reference, kPointPrecision);
  make_ball(answer, kPointPrecision);
  Ball difference;
  acb_sub(difference.get(), reference.ball.get(), answer.ball.get(), kPointPrecision);
  arb_t distance, tolerance;
  arb_init(distance);
  arb_init(tolerance);
  acb_abs(distance, difference.get(), kPointPrecision);
  rounding_tolerance(reference, places, tolerance);
  const bool close = arb_le(distance, tolerance) != 0;
  arb_clear(distance);
  arb_clear(tolerance);
  return close;
}

// A decimal that is a fraction correctly rounded at its own last place, with enough digits: 3.33333
// for 10/3.
bool is_rounded_fraction(const Rational& decimal, const Rational& exact, int places) {
  if (exact.is_integer() || exact.bits() > 256 || decimal.bits() > 256) return false;
  Rational digits = decimal, half;
  slong decimals = 0;
  for (; !digits.is_integer() && decimals < 40; ++decimals) {
    fmpq_mul_si(digits.get(), digits.get(), 10);
  }
  if (decimals == 0 || !digits.is_integer() ||
      fmpz_sizeinbase(digits.numerator(), 10) < static_cast<size_t>(places)) {
    return false;
  }
  Rational error;
  fmpq_sub(error.get(), decimal.get(), exact.get());
  fmpq_abs(error.get(), error.get());
  fmpz_set_ui(half.denominator(), 10);
  fmpz_pow_ui(half.denominator(), half.denominator(), static_cast<ulong>(decimals));
  fmpz_mul_ui(half.denominator(), half.denominator(), 2);
  fmpz_one(half.numerator());
  return !(half < error);
}

// Two values at one point: equal, different, together as far as the precision goes, or unknown.
enum class Nearness : uint8_t { same, apart, together, unknown };

Nearness nearness_of(const Value& a, const Value& b, slong precision) {
  if (a.status == Status::huge || b.status == Status::huge) {
    const bool apart =
        a.is_known() || b.is_known() || (a.status == b.status && a.rational.sign() != b.rational.sign());
    return apart ? Nearness::apart : Nearness::unknown;
  }
  if (!a.is_known() || !b.is_known()) return Nearness::unknown;
  if (a.status == Status::exact && b.status == Status::exact) {
    return a.rational == b.rational ? Nearness::same : Nearness::apart;
  }
  Value left = a, right = b;
  make_ball(left, precision);
  make_ball(right, precision);
  if (!acb_overlaps(left.ball.get(), right.ball.get())) return Nearness::apart;
  // Wide balls overlap without meaning anything.
  const auto sharp = [&](const Value& value) {
    return acb_rel_accuracy_bits(value.ball.get()) > precision / 3 ||
           mag_cmp_2exp_si(arb_radref(value.ball.real()), -precision / 3) < 0;
  };
  return sharp(left) && sharp(right) ? Nearness::together : Nearness::unknown;
}

// Agreement in the leading digits says nothing about 2^100000 and 2^100000 + 1.
bool is_narrow(const Value& value) {
  return mag_cmp_2exp_si(arb_radref(value.ball.real()), -20) < 0 &&
         mag_cmp_2exp_si(arb_radref(acb_imagref(value.ball.get())), -20) < 0;
}

bool absolutely_close(Value a, Value b, slong precision) {
  make_ball(a, precision);
  make_ball(b, precision);
  return is_narrow(a) && is_narrow(b);
}

Match compare_constants(const Expr& reference, const Expr& answer, bool natural_log, const Policy& policy,
                        Steps& steps) {
  const bool decimal = is_decimal(reference) || is_decimal(answer);
  bool proof_tried = false;
  Match so_far = Match::unknown;
  for (const slong precision : kPrecisions) {
    const Evaluation evaluation{.precision = precision, .natural_log = natural_log};
    const Value a = evaluate(reference, evaluation, steps), b = evaluate(answer, evaluation, steps);
    const bool a_undefined = a.status == Status::undefined, b_undefined = b.status == Status::undefined;
    if ((a_undefined && b.is_known()) || (b_undefined && a.status != Status::out_of_reach))
      return Match::different;
    switch (nearness_of(a, b, precision)) {
      case Nearness::same:
        return Match::equal;
      case Nearness::apart: {
        const bool rounds =
            decimal && a.is_known() && b.is_known() &&
            (rounds_to(a, b, policy.decimal_places) ||
             (a.status == Status::exact && b.status == Status::exact &&
              (is_decimal(answer) ? is_rounded_fraction(b.rational, a.rational, policy.decimal_places)
                                  : is_rounded_fraction(a.rational, b.rational, policy.decimal_places))));
        return rounds ? Match::rounded : Match::different;
      }
      case Nearness::together:
        if (absolutely_close(a, b, precision)) so_far = Match::numeric;
        if (!std::exchange(proof_tried, true) &&
            (compare_forms(reference, answer, steps) == FormMatch::same ||
             proves_same_algebraic_number(reference, answer, steps))) {
          return Match::equal;
        }
        break;
      case Nearness::unknown:
        // What is out of reach stays so at any precision.
        if (a.status == Status::out_of_reach || b.status == Status::out_of_reach) return so_far;
        break;
    }
  }
  return so_far;
}

// The same points for both sides: a coordinate depends on the name of the variable and the try.
std::map<std::string, Rational> point_of(const std::set<std::string>& symbols, int attempt, Domain domain,
                                         bool positive) {
  std::map<std::string, Rational> point;
  for (const std::string& name : symbols) {
    const Rng rng(0x7665726966790aULL, {hash_name(name)});
    const uint64_t bits = rng.bits(static_cast<uint64_t>(attempt));
    Rational value;
    if (domain == Domain::integers || (domain == Domain::integers_but_x && !is_real_name(name))) {
      fmpq_set_si(value.get(), static_cast<slong>(1 + bits % (attempt < kPoints ? 12 : 40)), 1);
    } else {
      const slong magnitude = static_cast<slong>(16 + bits % 233);  // 1/4 ... 4
      const bool negative = !positive && (attempt % 4 == 1 || (bits >> 32 & 1) != 0);
      fmpq_set_si(value.get(), negative ? -magnitude : magnitude, 64);
    }
    point.emplace(name, std::move(value));
  }
  return point;
}

// Calls visit(value of a, value of b) at points where both have one, until it returns false or there were
// enough. Returns how many there were.
template <class Visit>
int visit_common_points(const Expr& a, const Expr& b, bool natural_log, const std::set<std::string>& symbols,
                        Steps& steps, const Visit& visit) {
  const Domain domain = std::max(domain_of(a), domain_of(b));
  const bool real = !contains(a, Op::imaginary) && !contains(b, Op::imaginary);
  int visited = 0;
  for (int attempt = 0; attempt < kMaxTries && visited < kPoints && !steps.exhausted(); ++attempt) {
    // Half the points are positive, where roots and logarithms live.
    const Evaluation evaluation{.point = point_of(symbols, attempt, domain, attempt % 2 == 0 || attempt > 20),
                                .precision = kPointPrecision,
                                .real_only = real,
                                .natural_log = natural_log};
    const Value left = evaluate(a, evaluation, steps), right = evaluate(b, evaluation, steps);
    if (left.status == Status::out_of_reach || right.status == Status::out_of_reach) return 0;
    if (!left.is_known() || !right.is_known()) continue;
    ++visited;
    if (!visit(left, right)) break;
  }
  return visited;
}

std::set<std::string> symbols_of(const Expr& a, const Expr& b) {
  std::set<std::string> symbols = free_symbols(a);
  symbols.merge(free_symbols(b));
  return symbols;
}

Match compare_with_variables(const Expr& reference, const Expr& answer, bool natural_log,
                             const std::set<std::string>& symbols, Steps& steps) {
  int agreed = 0;
  bool apart = false;
  const int visited = visit_common_points(
      reference, answer, natural_log, symbols, steps, [&](const Value& a, const Value& b) {
        const Nearness nearness = nearness_of(a, b, kPointPrecision);
        apart = nearness == Nearness::apart;
        agreed += nearness == Nearness::same || nearness == Nearness::together ? 1 : 0;
        return !apart;
      });
  if (apart) return Match::different;
  const FormMatch forms = compare_forms(reference, answer, steps);
  if (forms == FormMatch::same) return Match::equal;
  if (forms == FormMatch::different) return Match::different;
  return visited > 0 && agreed == visited && visited >= kPoints / 2 ? Match::numeric : Match::unknown;
}

bool has_baseless_log(const Expr& expr) {
  return contains(expr, [](const Expr& part) {
    return part.op == Op::call && part.args.size() == 1 && function_of(part.text) == Function::log;
  });
}

}  // namespace

Match compare_scalars(const Expr& reference, const Expr& answer, const Policy& policy, Steps& steps) {
  if (same_tree(reference, answer)) return Match::equal;
  int left_sign = 0, right_sign = 0;
  const bool left_infinite = is_infinite(reference, left_sign),
             right_infinite = is_infinite(answer, right_sign);
  if (left_infinite || right_infinite) {
    return left_infinite && right_infinite && left_sign == right_sign ? Match::equal : Match::different;
  }
  const std::set<std::string> symbols = symbols_of(reference, answer);
  Match best = Match::unknown;
  // "log" is to the base ten for some and natural for others: equal if either makes it so.
  const int readings = has_baseless_log(reference) || has_baseless_log(answer) ? 2 : 1;
  for (int reading = 0; reading < readings; ++reading) {
    const bool natural = reading == 1;
    const Match match = symbols.empty() ? compare_constants(reference, answer, natural, policy, steps)
                                        : compare_with_variables(reference, answer, natural, symbols, steps);
    if (match <= Match::numeric) return match;
    best = reading == 0 ? match : std::max(best, match);
  }
  return best;
}

bool has_value_within_reach(const Expr& scalar, Steps& steps) {
  int sign = 0;
  if (is_infinite(scalar, sign)) return true;
  const std::set<std::string> symbols = free_symbols(scalar);
  if (!symbols.empty()) {
    return visit_common_points(scalar, scalar, false, symbols, steps,
                               [](const Value&, const Value&) { return true; }) >= kPoints / 2;
  }
  for (const slong precision : kPrecisions) {
    const Value value = evaluate(scalar, {.precision = precision}, steps);
    if (value.status == Status::exact || (value.status == Status::ball && is_narrow(value))) return true;
    if (value.status != Status::ball && value.status != Status::imprecise) return false;
  }
  return false;
}

ScaledMatch compare_scaled(const Expr& a, const Expr& b, Steps& steps) {
  const Proportion proportion = compare_up_to_scale(a, b, steps);
  if (proportion.match == FormMatch::same) return {Match::equal, proportion.sign};
  if (proportion.match == FormMatch::different) return {Match::different, 0};
  // The quotient a / b must be the same number at all points.
  const std::set<std::string> symbols = symbols_of(a, b);
  std::optional<Value> first;
  bool apart = false, open = false;
  const auto divide = [&](Value x, Value y) {
    make_ball(x, kPointPrecision);
    make_ball(y, kPointPrecision);
    acb_div(x.ball.get(), x.ball.get(), y.ball.get(), kPointPrecision);
    return x;
  };
  const int visited = visit_common_points(a, b, false, symbols, steps, [&](const Value& x, const Value& y) {
    Value ratio = divide(x, y);
    if (!acb_is_finite(ratio.ball.get()) || acb_contains_zero(ratio.ball.get())) {
      open = true;
    } else if (!first) {
      first = std::move(ratio);
    } else {
      apart = acb_overlaps(first->ball.get(), ratio.ball.get()) == 0;
    }
    return !apart;
  });
  if (apart) return {Match::different, 0};
  if (open || !first || visited < kPoints / 2) return {Match::unknown, 0};
  const int sign = first->ball.is_real() ? (arb_is_positive(first->ball.real()) ? 1 : -1) : 0;
  return {Match::numeric, sign};
}

std::optional<int> order_of(const Expr& a, const Expr& b, Steps& steps) {
  int left_sign = 0, right_sign = 0;
  const bool left_infinite = is_infinite(a, left_sign), right_infinite = is_infinite(b, right_sign);
  if (left_infinite || right_infinite) {
    const int left = left_infinite ? left_sign : 0, right = right_infinite ? right_sign : 0;
    return left < right ? -1 : left > right ? 1 : 0;
  }
  if (!is_scalar(a.op) || !is_scalar(b.op)) return std::nullopt;
  const Match match = compare_scalars(a, b, Policy{}, steps);
  if (match <= Match::numeric) return 0;
  if (match == Match::unknown) return std::nullopt;
  const Evaluation evaluation{.precision = kPrecisions.back()};
  Value left = evaluate(a, evaluation, steps), right = evaluate(b, evaluation, steps);
  if (!left.is_known() || !right.is_known()) return std::nullopt;
  make_ball(left, evaluation.precision);
  make_ball(right, evaluation.precision);
  if (!left.ball.is_real() || !right.ball.is_real()) return std::nullopt;
  if (arb_lt(left.ball.real(), right.ball.real())) return -1;
  if (arb_gt(left.ball.real(), right.ball.real())) return 1;
  return std::nullopt;
}

}  // namespace deepscaler
