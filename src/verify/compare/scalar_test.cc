#include "verify/compare/scalar.h"

#include <gtest/gtest.h>

#include <string_view>

#include "verify/algebra/normal_form.h"
#include "verify/compare/real_set.h"
#include "verify/parse/parse.h"

namespace deepscaler {
namespace {

Match compare(std::string_view a, std::string_view b, int64_t limit = 100'000) {
  Steps steps(limit);
  return compare_scalars(*parse_answer(a), *parse_answer(b), Policy{}, steps);
}

TEST(Scalar, SaysHowSureItIs) {
  EXPECT_EQ(compare("1/2", "\\frac{2}{4}"), Match::equal);
  EXPECT_EQ(compare("\\sqrt{3-2\\sqrt2}", "\\sqrt2-1"), Match::equal);  // as algebraic numbers
  EXPECT_EQ(compare("(x+1)^2", "x^2+2x+1"), Match::equal);              // by normal form
  EXPECT_EQ(compare("\\sin^2 x", "1-\\cos^2 x"), Match::numeric);
  EXPECT_EQ(compare("\\frac{1}{7}", "0.142857"), Match::rounded);
  EXPECT_EQ(compare("\\sqrt2", "1.414"), Match::different);
}

TEST(Scalar, AgreementOfDigitsIsNoProofForConstants) {
  EXPECT_EQ(compare("\\coth 2025+\\pi", "1+\\pi"), Match::unproven);
  EXPECT_EQ(compare("\\tanh 2025", "1"), Match::unproven);
  EXPECT_EQ(compare("2^{10^7}", "2\\cdot 2^{10^7-1}"), Match::equal);
  EXPECT_EQ(compare("2^{10^7}", "2\\cdot 2^{10^7-1}+1"), Match::different);
}

TEST(Scalar, BranchesOnASmallSetAreReachedOrLeftOpen) {
  EXPECT_EQ(compare("\\max(\\sin x,-0.999)", "\\sin x"), Match::different);
  EXPECT_EQ(compare("\\max(\\sin x,-1)", "\\sin x"), Match::numeric);
  EXPECT_EQ(compare("\\max(\\sin x,-1+10^{-40})", "\\sin x"), Match::unproven);
  EXPECT_EQ(compare("\\lfloor\\sin^2x\\rfloor", "0\\cdot x"), Match::unproven);
  EXPECT_EQ(compare("\\gcd(n^2+1,1009)", "1+0\\cdot n"), Match::unproven);
}

// Closer together than double precision sees.
TEST(Scalar, PrecisionGrowsUntilBallsPart) {
  EXPECT_EQ(compare("e^{\\pi\\sqrt{163}}", "262537412640768744"), Match::different);
  EXPECT_EQ(compare("\\sqrt{10^{60}+1}", "10^{30}"), Match::different);
}

TEST(Scalar, VariablesStayWhereRootsAndLogarithmsAreReal) {
  EXPECT_EQ(compare("\\sqrt{x^2}", "x"), Match::different);
  EXPECT_LE(compare("\\ln(x^2)", "2\\ln x"), Match::numeric);
  EXPECT_LE(compare("\\sqrt{x}\\sqrt{y}", "\\sqrt{xy}"), Match::numeric);
  EXPECT_LE(compare("\\lceil n/2\\rceil", "\\lfloor (n+1)/2\\rfloor"), Match::numeric);
}

TEST(Scalar, AUsedUpBoundIsUnknownAndNeverEqual) {
  EXPECT_EQ(compare("\\sum_{k=1}^{10^9} k", "7"), Match::unknown);
  EXPECT_EQ(compare("\\sin x\\cos x", "\\frac{\\sin 2x}{2}", 20), Match::unknown);
  EXPECT_EQ(compare("9^{9^{9^9}}", "7"), Match::different);  // huge, and 7 is not
}

TEST(Scalar, OrdersRealNumbers) {
  Steps steps(100'000);
  const auto order = [&](std::string_view a, std::string_view b) {
    return order_of(*parse_answer(a), *parse_answer(b), steps);
  };
  EXPECT_EQ(order("\\sqrt2", "1.5"), -1);
  EXPECT_EQ(order("-\\infty", "-10^{50}"), -1);
  EXPECT_EQ(order("\\sqrt8", "2\\sqrt2"), 0);
  EXPECT_EQ(order("i", "1"), std::nullopt);
}

TEST(NormalForm, ScalesAndReadsLines) {
  Steps steps(100'000);
  const Proportion proportion = compare_up_to_scale(*parse_answer("2x-4y"), *parse_answer("6y-3x"), steps);
  EXPECT_EQ(proportion.match, FormMatch::same);
  EXPECT_EQ(proportion.sign, -1);
  EXPECT_TRUE(same_zeros(*parse_answer("\\frac{x}{y}-1"), *parse_answer("3x-3y"), steps));
  EXPECT_FALSE(same_zeros(*parse_answer("x^2-x"), *parse_answer("x-1"), steps));
  const auto line = read_linear(*parse_answer("\\frac{3x-1}{2}"), "x", steps);
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(to_text(make_number(line->slope)), "3/2");
  EXPECT_EQ(to_text(make_number(line->constant)), "-1/2");
  EXPECT_FALSE(read_linear(*parse_answer("x^2"), "x", steps).has_value());
}

TEST(RealSet, JoinsWhatTouches) {
  Steps steps(100'000);
  const auto set = read_real_set(*parse_answer("(0,1)\\cup[1,2)\\cup(3,\\infty)"), steps);
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(set->parts.size(), 2u);
  EXPECT_EQ(read_real_set(*parse_answer("x \\ne 1, x \\ne 2"), steps)->parts.size(), 3u);
  EXPECT_EQ(read_real_set(*parse_answer("|x|<3"), steps)->variable, "x");
  EXPECT_FALSE(read_real_set(*parse_answer("x<y"), steps).has_value());
}

}  // namespace
}  // namespace deepscaler
