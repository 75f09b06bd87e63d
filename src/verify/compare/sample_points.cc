#include "verify/compare/sample_points.h"

#include <algorithm>

#include "base/rng.h"
#include "verify/algebra/evaluate.h"
#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

constexpr int kSmallAttempts = 6;  // of which whole numbers are the smallest
constexpr size_t kMaxConstants = 10;
constexpr size_t kMaxPoints = 72;
constexpr slong kMaxConstantBits = 1024;

bool is_real_name(std::string_view name) {
  constexpr std::string_view kNames[] = {"x", "y", "z", "t", "u", "v", "w", "r", "s", "theta", "alpha"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

Rational magnitude_of(Rational a) {
  fmpq_abs(a.get(), a.get());
  return a;
}

// Adds the magnitudes of the numbers in a tree and of its parts without variables, as far as they are exact.
// Returns whether it has no variables itself.
bool collect_constants(const Expr& expr, std::set<Rational>& found, Steps& steps) {
  if (!steps.spend(2)) return false;
  if (expr.op() == Op::number) {  // 1/1000 as well as 1000
    Rational part = magnitude_of(expr.number());
    found.insert(part);
    for (const fmpz* whole : {expr.number().numerator(), expr.number().denominator()}) {
      fmpz_one(part.denominator());
      fmpz_abs(part.numerator(), whole);
      found.insert(part);
    }
    return true;
  }
  const bool unknown = expr.op() == Op::call && expr.function() == Function::unknown;
  bool is_constant = is_scalar(expr.op()) && expr.op() != Op::symbol && !unknown;
  for (const Expr& arg : expr.args) is_constant = collect_constants(arg, found, steps) && is_constant;
  if (!is_constant || expr.args.empty()) return is_constant;
  const Value value = evaluate(expr, {}, steps);
  if (value.status == Value::Status::exact && value.rational.bits() <= kMaxConstantBits)
    found.insert(magnitude_of(value.rational));
  return true;
}

// The constants that matter most: where there are too many, the smallest and the largest.
std::vector<Rational> constants_of(const Expr& a, const Expr& b, Steps& steps) {
  std::set<Rational> found;
  collect_constants(a, found, steps);
  collect_constants(b, found, steps);
  found.erase(Rational(0));
  std::vector<Rational> result(found.begin(), found.end());
  if (result.size() > kMaxConstants) {
    const auto half = static_cast<std::ptrdiff_t>(kMaxConstants / 2);
    result.erase(result.begin() + half, result.end() - half);
  }
  return result;
}

struct Coordinate {
  Rational value;
  bool required = true;
};

// Where one variable goes: around every constant, around 0, beyond the sum of the constants and, where it
// can be worked out, beyond their product. `whole`: at whole numbers only, which count if `counts`.
std::vector<Coordinate> coordinates(const std::vector<Rational>& constants, bool whole, bool counts) {
  std::vector<Coordinate> result;
  const auto push = [&](const Rational& value, bool required) {
    for (const Rational& signed_value : {value, negated(value)}) {
      if (whole && !signed_value.is_integer()) continue;
      const bool known =
          std::ranges::any_of(result, [&](const Coordinate& other) { return other.value == signed_value; });
      const bool far_below = counts && signed_value < Rational(-1);  // sums to -5 have no value
      if (!known) result.push_back({signed_value, required && !far_below});
    }
  };
  const Rational step = whole ? Rational(1) : Rational(3, 64);
  Rational sum(2), product(1);
  for (const Rational& constant : constants) {
    sum = sum_of(std::move(sum), constant);
    const Rational factor = constant < Rational(1) ? Rational(1) : constant;
    if (product.bits() + factor.bits() < 4 * kMaxConstantBits)
      product = product_of(std::move(product), factor);
  }
  if (whole) {
    fmpz_cdiv_q(sum.numerator(), sum.numerator(), sum.denominator());
    fmpz_one(sum.denominator());
    fmpz_cdiv_q(product.numerator(), product.numerator(), product.denominator());
    fmpz_one(product.denominator());
  }
  push(sum, true);
  push(Rational(0), true);
  push(Rational(1), true);
  for (auto constant = constants.rbegin(); constant != constants.rend(); ++constant) {
    push(sum_of(*constant, step), true);
    push(*constant, true);
    push(sum_of(*constant, negated(step)), true);
  }
  for (const slong small : {2, 3}) push(Rational(small), true);
  push(sum_of(product, step), false);
  push(Rational(1009), false);
  if (!whole) {
    push(Rational(1, 1024), true);
    push(Rational(1'000'003, 7), false);
  }
  return result;
}

}  // namespace

Domain domain_of(const Expr& expr) {
  Domain result = Domain::reals;
  const auto widen = [&](const Expr& part) {
    if (part.op() == Op::sum || part.op() == Op::product) return true;
    if (part.op() == Op::power && part.args[0].op() == Op::number && part.args[0].number().sign() < 0) {
      return part.args[1].op() != Op::number;
    }
    if (part.op() != Op::call) return false;
    switch (part.function()) {
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

bool takes_integers(const std::string& name, Domain domain) {
  return domain == Domain::integers || (domain == Domain::integers_but_x && !is_real_name(name));
}

Point random_point(const std::set<std::string>& symbols, int attempt, Domain domain) {
  const bool positive = attempt % 2 == 0 || attempt > 20;  // where roots and logarithms live
  Point point;
  for (const std::string& name : symbols) {
    const Rng rng(0x7665726966790aULL, {hash_name(name)});
    const uint64_t bits = rng.bits(static_cast<uint64_t>(attempt));
    Rational value;
    if (takes_integers(name, domain)) {
      fmpq_set_si(value.get(), static_cast<slong>(1 + bits % (attempt < kSmallAttempts ? 12 : 40)), 1);
    } else {
      const slong magnitude = static_cast<slong>(16 + bits % 233);  // 1/4 ... 4
      const bool negative = !positive && (attempt % 4 == 1 || (bits >> 32 & 1) != 0);
      fmpq_set_si(value.get(), negative ? -magnitude : magnitude, 64);
    }
    point.emplace(name, std::move(value));
  }
  return point;
}

std::vector<CriticalPoint> critical_points(const Expr& a, const Expr& b, const std::set<std::string>& symbols,
                                           Domain domain, Steps& steps) {
  const std::vector<Rational> constants = constants_of(a, b, steps);
  std::vector<CriticalPoint> result;
  for (int attempt = 0; attempt < kSmallAttempts; ++attempt) {
    result.push_back({random_point(symbols, attempt, domain), false});
  }
  // One variable at a time, the others at random; then all of them at once.
  int attempt = kSmallAttempts;
  std::vector<std::pair<std::string, std::vector<Coordinate>>> ways;
  for (const std::string& name : symbols)
    ways.emplace_back(name, coordinates(constants, takes_integers(name, domain), domain == Domain::integers));
  for (size_t i = 0; result.size() < kMaxPoints; ++i) {
    bool any = false;
    for (const auto& [name, values] : ways) {
      if (i >= values.size()) continue;
      any = true;
      Point point = random_point(symbols, attempt++, domain);
      point[name] = values[i].value;
      result.push_back({std::move(point), values[i].required});
    }
    if (!any) break;
    if (ways.size() < 2) continue;
    Point point;
    for (const auto& [name, values] : ways) point[name] = values[std::min(i, values.size() - 1)].value;
    result.push_back({std::move(point), false});
  }
  return result;
}

}  // namespace deepscaler
