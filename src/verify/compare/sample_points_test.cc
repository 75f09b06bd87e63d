#include "verify/compare/sample_points.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "verify/parse/parse.h"

namespace deepscaler {
namespace {

std::vector<CriticalPoint> points_of(std::string_view a, std::string_view b) {
  Steps steps(100'000);
  const Expr left = *parse_answer(a), right = *parse_answer(b);
  return critical_points(left, right, free_symbols(left), std::max(domain_of(left), domain_of(right)), steps);
}

bool holds(const std::vector<CriticalPoint>& points, const Rational& value) {
  return std::ranges::any_of(points,
                             [&](const CriticalPoint& point) { return point.at.begin()->second == value; });
}

TEST(SamplePoints, ReachWhereFunctionsPart) {
  const auto points = points_of("n", "n+\\binom{n}{30}");
  for (const slong value : {0, 1, -1, 2, 29, 30, 31, -31})
    EXPECT_TRUE(holds(points, Rational(value))) << value;
  EXPECT_TRUE(std::ranges::all_of(
      points, [](const CriticalPoint& point) { return point.at.begin()->second.is_integer(); }));
  EXPECT_TRUE(std::ranges::any_of(points, [](const CriticalPoint& point) {
    return point.required && Rational(31) < point.at.begin()->second;
  }));
}

TEST(SamplePoints, OfRealsLieAtAndAroundEveryConstant) {
  const auto points = points_of("x", "\\min(x,4)+\\max(0,x-100)");
  for (const slong value : {0, 4, 100, -4, -100}) EXPECT_TRUE(holds(points, Rational(value))) << value;
  EXPECT_TRUE(std::ranges::any_of(points, [](const CriticalPoint& point) {
    const Rational& value = point.at.begin()->second;
    return Rational(100) < value && value < Rational(101);
  }));
}

TEST(SamplePoints, TellWhereVariablesAreWhole) {
  EXPECT_EQ(domain_of(*parse_answer("x^2+\\sin n")), Domain::reals);
  EXPECT_EQ(domain_of(*parse_answer("n+\\lfloor x/4\\rfloor")), Domain::integers_but_x);
  EXPECT_EQ(domain_of(*parse_answer("\\binom{n}{2}")), Domain::integers);
  EXPECT_EQ(domain_of(*parse_answer("\\sum_{k=1}^{n} k")), Domain::integers);
}

}  // namespace
}  // namespace deepscaler
