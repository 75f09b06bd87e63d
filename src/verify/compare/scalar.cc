#include "verify/compare/scalar.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "verify/algebra/algebraic.h"
#include "verify/algebra/constant_proof.h"
#include "verify/algebra/evaluate.h"
#include "verify/algebra/functions.h"
#include "verify/algebra/normal_form.h"
#include "verify/algebra/residues.h"
#include "verify/algebra/separation.h"
#include "verify/compare/branch_points.h"
#include "verify/compare/sample_points.h"

namespace deepscaler {
namespace {

using Status = Value::Status;

constexpr std::array<slong, 5> kPrecisions = {64, 192, 576, 1536, 4608};
constexpr slong kPointPrecision = 128;
constexpr slong kMaxPointPrecision = 2048;
constexpr int64_t kDigitSteps = 60'000;
constexpr int64_t kRequiredPointSteps = 50'000;
constexpr int64_t kOptionalPointSteps = 3'000;
constexpr int64_t kOptionalSteps = 30'000;  // at all optional points together
constexpr int64_t kBranchSteps = 60'000;
constexpr int64_t kProofSteps = 50'000;   // of each method
constexpr int64_t kResidueSteps = 8'000;  // at one point
constexpr int kPoints = 6;
constexpr int kMaxTries = 40;

bool is_decimal(const Expr& expr) {
  return contains(expr, [](const Expr& part) { return part.is_decimal(); });
}

// The sign of what is infinite, nothing for anything else.
std::optional<int> sign_of_infinity(const Expr& expr) {
  if (expr.op() == Op::infinity) return 1;
  const bool times = expr.op() == Op::multiply && expr.args.size() == 2 && expr.args[0].op() == Op::number &&
                     expr.args[1].op() == Op::infinity;
  return times ? std::optional(expr.args[0].number().sign()) : std::nullopt;
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

// Whether `exact` is within half a unit of the last place of a decimal: 33.3 and 100/3.
bool rounds_at_last_place(const Rational& decimal, Value exact) {
  Rational digits = decimal, half(1, 2);
  for (slong decimals = 0; !digits.is_integer(); ++decimals) {
    if (decimals == 40) return false;
    fmpq_mul_si(digits.get(), digits.get(), 10);
    fmpq_div_fmpz(half.get(), half.get(), Rational(10).numerator());
  }
  make_ball(exact, kPointPrecision);
  Ball error, bound;
  arb_set_fmpq(bound.real(), decimal.get(), kPointPrecision);
  arb_sub(error.real(), exact.ball.real(), bound.real(), kPointPrecision);
  arb_abs(error.real(), error.real());
  arb_set_fmpq(bound.real(), half.get(), kPointPrecision);
  return exact.ball.is_real() && arb_le(error.real(), bound.real()) != 0;
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

// Whether both are real, not zero and on one side of it.
bool same_sign(const Value& a, const Value& b) {
  if (!a.is_known() || !b.is_known()) return false;
  Value left = a, right = b;
  make_ball(left, kPointPrecision);
  make_ball(right, kPointPrecision);
  if (!left.ball.is_real() || !right.ball.is_real()) return false;
  return (arb_is_positive(left.ball.real()) && arb_is_positive(right.ball.real())) ||
         (arb_is_negative(left.ball.real()) && arb_is_negative(right.ball.real()));
}

// Whether two constants are proven equal, by the cheapest way first.
bool are_proven_equal(const Expr& reference, const Expr& answer, bool natural_log, Steps& steps) {
  const auto proves = [&](const auto& method) {
    Steps here = steps.at_most(kProofSteps);
    const bool proven = method(here);
    return steps.spend(here.used()) && proven;
  };
  return proves([&](Steps& here) { return compare_forms(reference, answer, here) == FormMatch::same; }) ||
         proves([&](Steps& here) { return proves_same_constant(reference, answer, natural_log, here); }) ||
         proves([&](Steps& here) { return proves_same_algebraic_number(reference, answer, here); });
}

// What no number of digits decides: constants too long to write out, or not proven equal.
Match beyond_digits(const Expr& reference, const Expr& answer, const Value& a, const Value& b, Steps& steps) {
  if (a.status == Status::undefined || b.status == Status::undefined) return Match::unknown;
  switch (compare_residues(reference, answer, same_sign(a, b), 2, steps)) {
    case ResidueMatch::same:
      return Match::unproven;
    case ResidueMatch::different:
      return Match::different;
    case ResidueMatch::open:
      break;
  }
  return Match::unknown;
}

Match compare_constants(const Expr& reference, const Expr& answer, bool natural_log, const Policy& policy,
                        Steps& steps) {
  const bool decimal = is_decimal(reference) || is_decimal(answer);
  bool proof_tried = false;
  const auto is_proven = [&] {
    return !std::exchange(proof_tried, true) && are_proven_equal(reference, answer, natural_log, steps);
  };
  for (const slong precision : kPrecisions) {
    const Evaluation evaluation{.precision = precision, .natural_log = natural_log};
    Steps here = steps.at_most(kDigitSteps);  // the rest is for what needs no digits
    const Value a = evaluate(reference, evaluation, here), b = evaluate(answer, evaluation, here);
    if (!steps.spend(here.used())) return Match::unknown;
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
        const bool reference_rounds = policy.references_may_be_rounded && reference.is_decimal() &&
                                      b.is_known() && rounds_at_last_place(reference.number(), b);
        return rounds || reference_rounds ? Match::rounded : Match::different;
      }
      case Nearness::together:
        if (is_proven()) return Match::equal;
        if (decimal && rounds_to(a, b, policy.decimal_places)) return Match::rounded;
        if (precision < kPrecisions.back()) break;
        return beyond_digits(reference, answer, a, b, steps) == Match::different ? Match::different
                                                                                 : Match::unproven;
      case Nearness::unknown:
        // What is out of reach stays so at any precision.
        if (a.status == Status::out_of_reach || b.status == Status::out_of_reach ||
            a.status == Status::huge || b.status == Status::huge) {
          return is_proven() ? Match::equal : beyond_digits(reference, answer, a, b, steps);
        }
        break;
    }
  }
  return Match::unknown;
}

// How both sides are read at a point: roots and logarithms are real unless one of them says i.
Evaluation evaluation_at(const Expr& a, const Expr& b, Point point, bool natural_log) {
  return {.point = std::move(point),
          .precision = kPointPrecision,
          .real_only = !contains(a, Op::imaginary) && !contains(b, Op::imaginary),
          .natural_log = natural_log,
          .empty_ranges = false};
}

// Calls visit(value of a, value of b) at random points where both have one, until it returns false or there
// were enough. Returns how many there were.
template <class Visit>
int visit_random_points(const Expr& a, const Expr& b, bool natural_log, const std::set<std::string>& symbols,
                        Steps& steps, const Visit& visit) {
  const Domain domain = std::max(domain_of(a), domain_of(b));
  int visited = 0;
  for (int attempt = 0; attempt < kMaxTries && visited < kPoints && !steps.exhausted(); ++attempt) {
    const Evaluation evaluation = evaluation_at(a, b, random_point(symbols, attempt, domain), natural_log);
    const Value left = evaluate(a, evaluation, steps), right = evaluate(b, evaluation, steps);
    if (left.status == Status::out_of_reach || right.status == Status::out_of_reach) return 0;
    if (!left.is_known() || !right.is_known()) continue;
    ++visited;
    if (!visit(left, right)) break;
  }
  return visited;
}

// What the values of both sides at one point say.
enum class PointVerdict : uint8_t { agree, part, open };

struct AtPoint {
  const Value &a, &b;
  const Evaluation& evaluation;
  double bits_wanted;  // that must agree
  bool is_whole;       // whether all variables are whole numbers

  [[nodiscard]] bool are_known() const { return a.is_known() && b.is_known(); }
};

// Whether the sides agree at all critical points by visit(AtPoint), and where other branches begin. Unknown
// where a required point has no value within the limits, or too few agree.
template <class Visit>
Match compare_at_critical_points(const Expr& a, const Expr& b, bool natural_log,
                                 const std::set<std::string>& symbols, Steps& steps, const Visit& visit) {
  const Domain domain = std::max(domain_of(a), domain_of(b));
  int agreed = 0;
  Steps optional = steps.at_most(kOptionalSteps);
  for (CriticalPoint& point : critical_points(a, b, symbols, domain, steps)) {
    Evaluation evaluation = evaluation_at(a, b, std::move(point.at), natural_log);
    Steps here = point.required ? steps.at_most(kRequiredPointSteps) : optional.at_most(kOptionalPointSteps);
    if (!point.required && optional.exhausted()) continue;
    Value left = evaluate(a, evaluation, here), right = evaluate(b, evaluation, here);
    double wanted = 0;
    const bool exact = left.status == Status::exact && right.status == Status::exact;
    const auto gains_digits = [](const Value& value) {
      return value.is_known() || value.status == Status::imprecise;
    };
    if (gains_digits(left) && gains_digits(right) && !exact) {
      wanted = bits_to_agree(written_out_bits(a, evaluation, here) + written_out_bits(b, evaluation, here));
      evaluation.precision =
          wanted < kMaxPointPrecision ? static_cast<slong>(wanted) + 64 : kMaxPointPrecision;
      left = evaluate(a, evaluation, here);
      right = evaluate(b, evaluation, here);
    }
    const bool in_time = steps.spend(here.used());
    if (!point.required && !optional.spend(here.used())) continue;
    if (!in_time) return Match::unknown;
    if (left.status == Status::undefined || right.status == Status::undefined) continue;
    const bool out_of_reach = left.status == Status::out_of_reach || right.status == Status::out_of_reach;
    if (out_of_reach && !point.required) continue;
    switch (visit(AtPoint{left, right, evaluation, wanted, domain == Domain::integers})) {
      case PointVerdict::part:
        return Match::different;
      case PointVerdict::agree:
        ++agreed;
        break;
      case PointVerdict::open:
        if (out_of_reach && point.required) return Match::unknown;
        break;
    }
  }
  if (agreed < kPoints / 2) return Match::unknown;
  Steps here = steps.at_most(kBranchSteps);
  const BranchPoints branches = branch_points(a, b, symbols, domain, here);
  for (const Point& point : branches.points) {
    const Evaluation evaluation = evaluation_at(a, b, point, natural_log);
    const Value left = evaluate(a, evaluation, here), right = evaluate(b, evaluation, here);
    if (here.exhausted()) break;
    if (visit(AtPoint{left, right, evaluation, 0, domain == Domain::integers}) == PointVerdict::part)
      return Match::different;
  }
  const bool all_seen = branches.are_complete && !here.exhausted() && steps.spend(here.used());
  return all_seen ? Match::numeric : Match::unproven;
}

std::set<std::string> symbols_of(const Expr& a, const Expr& b) {
  std::set<std::string> symbols = free_symbols(a);
  symbols.merge(free_symbols(b));
  return symbols;
}

Match compare_with_variables(const Expr& reference, const Expr& answer, bool natural_log,
                             const std::set<std::string>& symbols, Steps& steps) {
  bool apart = false;
  const int visited = visit_random_points(reference, answer, natural_log, symbols, steps,
                                          [&](const Value& a, const Value& b) {
                                            apart = nearness_of(a, b, kPointPrecision) == Nearness::apart;
                                            return !apart;
                                          });
  if (apart) return Match::different;
  const FormMatch forms = compare_forms(reference, answer, steps);
  if (forms == FormMatch::same) return Match::equal;
  if (forms == FormMatch::different) return Match::different;
  if (visited == 0) return Match::unknown;
  return compare_at_critical_points(reference, answer, natural_log, symbols, steps, [&](const AtPoint& at) {
    const slong precision = at.evaluation.precision;
    const Nearness nearness = at.are_known() ? nearness_of(at.a, at.b, precision) : Nearness::unknown;
    if (nearness == Nearness::apart) return PointVerdict::part;
    if (nearness == Nearness::same) return PointVerdict::agree;
    const bool enough =
        nearness == Nearness::together && std::min(known_bits(at.a), known_bits(at.b)) >= at.bits_wanted;
    if (enough) return PointVerdict::agree;
    if (!at.is_whole) return PointVerdict::open;
    // Factorials and powers may be too long to write out.
    const auto placed = [&](Expr expr) {
      for (const auto& [name, value] : at.evaluation.point)
        expr = with_symbol(std::move(expr), name, make_number(value));
      return expr;
    };
    Steps here = steps.at_most(kResidueSteps);
    const ResidueMatch match = compare_residues(placed(reference), placed(answer), false, 1, here);
    if (!steps.spend(here.used())) return PointVerdict::open;
    switch (match) {
      case ResidueMatch::same:
        return PointVerdict::agree;
      case ResidueMatch::different:
        return PointVerdict::part;
      case ResidueMatch::open:
        break;
    }
    return PointVerdict::open;
  });
}

bool has_baseless_log(const Expr& expr) {
  return contains(expr, [](const Expr& part) {
    return part.op() == Op::call && part.args.size() == 1 && part.function() == Function::log;
  });
}

}  // namespace

Match compare_scalars(const Expr& reference, const Expr& answer, const Policy& policy, Steps& steps) {
  if (same_tree(reference, answer)) return Match::equal;
  const auto left = sign_of_infinity(reference), right = sign_of_infinity(answer);
  if (left || right) return left == right ? Match::equal : Match::different;
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
  if (sign_of_infinity(scalar)) return true;
  const std::set<std::string> symbols = free_symbols(scalar);
  if (!symbols.empty()) {
    return visit_random_points(scalar, scalar, false, symbols, steps,
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
  const auto is_exact = [](const Value& value) { return value.status == Status::exact; };
  const auto is_zero = [&](const Value& value) { return is_exact(value) && value.rational.is_zero(); };
  const auto quotient = [&](Value x, Value y, slong precision) {
    if (is_exact(x) && is_exact(y)) {
      fmpq_div(x.rational.get(), x.rational.get(), y.rational.get());
      return x;
    }
    make_ball(x, precision);
    make_ball(y, precision);
    acb_div(x.ball.get(), x.ball.get(), y.ball.get(), precision);
    return x;
  };
  const Match match = compare_at_critical_points(a, b, false, symbols, steps, [&](const AtPoint& at) {
    if (!at.are_known()) return PointVerdict::open;
    if (is_zero(at.a) && is_zero(at.b)) return PointVerdict::agree;
    if (is_zero(at.a) || is_zero(at.b))
      return is_exact(at.a) && is_exact(at.b) ? PointVerdict::part : PointVerdict::open;
    Value ratio = quotient(at.a, at.b, at.evaluation.precision);
    const bool is_clear =
        is_exact(ratio) || (acb_is_finite(ratio.ball.get()) != 0 && acb_contains_zero(ratio.ball.get()) == 0);
    if (!is_clear) return PointVerdict::open;
    if (first && nearness_of(*first, ratio, at.evaluation.precision) == Nearness::apart)
      return PointVerdict::part;
    const bool sharp = is_exact(ratio) || known_bits(ratio) >= at.bits_wanted;
    if (!first) first = std::move(ratio);
    return sharp ? PointVerdict::agree : PointVerdict::open;
  });
  if (match == Match::different) return {Match::different, 0};
  if (match == Match::unknown || !first) return {Match::unknown, 0};
  make_ball(*first, kPointPrecision);
  const int sign = first->ball.is_real() ? (arb_is_positive(first->ball.real()) ? 1 : -1) : 0;
  return {Match::numeric, sign};
}

std::optional<int> order_of(const Expr& a, const Expr& b, Steps& steps) {
  const auto left_sign = sign_of_infinity(a), right_sign = sign_of_infinity(b);
  if (left_sign || right_sign) {
    const int left = left_sign.value_or(0), right = right_sign.value_or(0);
    return left < right ? -1 : left > right ? 1 : 0;
  }
  if (!is_scalar(a.op()) || !is_scalar(b.op())) return std::nullopt;
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
