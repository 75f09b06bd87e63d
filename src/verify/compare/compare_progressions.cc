// Families as unions of arithmetic progressions: k pi is 2 k pi and (2 k + 1) pi together.
#include <flint/fmpq.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "verify/algebra/evaluate.h"
#include "verify/compare/comparer.h"

namespace deepscaler {
namespace {

constexpr slong kMaxDenominator = 24;  // of the ratio of two distances
constexpr size_t kMaxResidues = 256;

// first + k step for all integers k.
struct Progression {
  Rational first, step;
};

const Expr& value_of(const Expr& member) {
  const auto assignment = as_assignment(member);
  return assignment ? *assignment->value : member;
}

std::optional<double> approximation(const Expr& expr, Steps& steps) {
  Value value = evaluate(expr, {}, steps);
  if (!value.is_known()) return std::nullopt;
  make_ball(value, 64);
  if (!value.ball.is_real()) return std::nullopt;
  return arf_get_d(arb_midref(value.ball.real()), ARF_RND_NEAR);
}

// The least common multiple of two positive rational numbers.
Rational common_multiple(const Rational& a, const Rational& b) {
  Rational result;
  fmpz_lcm(result.numerator(), a.numerator(), b.numerator());
  fmpz_gcd(result.denominator(), a.denominator(), b.denominator());
  fmpq_canonicalise(result.get());
  return result;
}

// Adds the members of a progression from 0 up to `period`; false where they are too many.
bool add_residues(const Progression& progression, const Rational& period, std::set<Rational>& residues) {
  Rational member = progression.first, turns, reach;
  fmpq_div(turns.get(), member.get(), period.get());
  fmpz_fdiv_q(turns.numerator(), turns.numerator(), turns.denominator());
  fmpz_one(turns.denominator());
  fmpq_mul(turns.get(), turns.get(), period.get());
  fmpq_sub(member.get(), member.get(), turns.get());
  for (; reach < period; fmpq_add(reach.get(), reach.get(), progression.step.get())) {
    if (residues.size() > kMaxResidues) return false;
    Rational residue;
    fmpq_add(residue.get(), member.get(), reach.get());
    if (!(residue < period)) fmpq_sub(residue.get(), residue.get(), period.get());
    residues.insert(std::move(residue));
  }
  return true;
}

}  // namespace

// amount / unit, where it is a rational number with a small denominator.
std::optional<Rational> Comparer::ratio_of(const Expr& amount, const Expr& unit) {
  const auto over = approximation(amount, steps_), under = approximation(unit, steps_);
  if (!over || !under || *under == 0 || std::abs(*over / *under) > 1e6) return std::nullopt;
  for (slong denominator = 1; denominator <= kMaxDenominator; ++denominator) {
    const double scaled = *over / *under * static_cast<double>(denominator);
    if (std::abs(scaled - std::round(scaled)) > 1e-9 * (1 + std::abs(scaled))) continue;
    Rational ratio(static_cast<slong>(std::llround(scaled)), static_cast<ulong>(denominator));
    if (values(amount, multiply(make_number(ratio), unit)) <= Match::numeric) return ratio;
  }
  return std::nullopt;
}

// Whether the members of both sides are the same numbers for all integers of that name.
bool Comparer::same_union(const std::vector<Expr>& reference, const std::vector<Expr>& answer,
                          const std::string& name) {
  const auto at = [&](const Expr& expr, slong k) { return with_symbol(expr, name, make_number(k)); };
  const auto step = [&](const Expr& expr) { return subtract(at(expr, 1), at(expr, 0)); };
  const auto is_even = [&](const Expr& expr) {
    return values(step(expr), subtract(at(expr, 2), at(expr, 1))) <= Match::numeric &&
           values(step(expr), subtract(at(expr, -4), at(expr, -5))) <= Match::numeric;
  };
  std::optional<Expr> origin, unit;
  Rational period(1);
  // In multiples of the first distance, from the first member.
  const auto read = [&](const std::vector<Expr>& members) -> std::optional<std::vector<Progression>> {
    std::vector<Progression> result;
    for (const Expr& member : members) {
      const Expr& value = value_of(member);
      if (!is_scalar(value.op()) || !free_symbols(value).contains(name)) return std::nullopt;
      std::vector<Expr> parts = {value};
      if (!is_even(value)) {  // (-1)^k: the even and the odd k apart
        const Expr twice = multiply(make_number(2), make_symbol(name));
        parts = {with_symbol(value, name, twice), with_symbol(value, name, add(twice, make_number(1)))};
      }
      for (const Expr& part : parts) {
        if (!is_even(part) || !free_symbols(step(part)).empty()) return std::nullopt;
        if (!origin) origin = at(part, 0);
        if (!unit) unit = step(part);
        auto first = ratio_of(subtract(at(part, 0), *origin), *unit), distance = ratio_of(step(part), *unit);
        if (!first || !distance || distance->is_zero()) return std::nullopt;
        fmpq_abs(distance->get(), distance->get());
        period = common_multiple(period, *distance);
        result.push_back({std::move(*first), std::move(*distance)});
      }
    }
    return result;
  };
  const auto expected = read(reference), given = expected ? read(answer) : std::nullopt;
  if (!given) return false;
  std::set<Rational> left, right;
  const auto fill = [&](const std::vector<Progression>& progressions, std::set<Rational>& residues) {
    return std::ranges::all_of(progressions, [&](const Progression& progression) {
      return steps_.spend(100) && add_residues(progression, period, residues);
    });
  };
  return fill(*expected, left) && fill(*given, right) && left == right;
}

}  // namespace deepscaler
