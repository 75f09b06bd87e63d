#include "verify/algebra/residues.h"

#include <gtest/gtest.h>

#include "verify/parse/parse.h"

namespace deepscaler {
namespace {

ResidueMatch match_of(std::string_view a, std::string_view b, bool same_sign = false) {
  Steps steps(100'000);
  return compare_residues(*parse_answer(a), *parse_answer(b), same_sign, 2, steps);
}

TEST(Residues, TellLargeNumbersApart) {
  EXPECT_EQ(match_of("2026!", "2026 \\cdot 2025!"), ResidueMatch::same);
  EXPECT_EQ(match_of("2026!", "2026 \\cdot 2025! + 1"), ResidueMatch::different);
  EXPECT_EQ(match_of("1", "1 - \\frac{1}{2^{100000}}"), ResidueMatch::different);
  EXPECT_EQ(match_of("4^{2^{2024}}", "2^{2^{2025}}"), ResidueMatch::same);
  EXPECT_EQ(match_of("9^{9^{9^9}}", "9^{9^{9^9}} + 3"), ResidueMatch::different);
  EXPECT_EQ(match_of("\\binom{2000}{1000}", "\\frac{2000!}{(1000!)^2}"), ResidueMatch::same);
}

TEST(Residues, TakeFactorialsBeyondTheirReachAsUnknowns) {
  EXPECT_EQ(match_of("\\binom{2000000000}{1000000000}", "2\\binom{1999999999}{1000000000}"),
            ResidueMatch::same);
  EXPECT_EQ(match_of("(10^9)!", "(2 \\cdot 10^9)!"), ResidueMatch::open);
  // The unknown cancels: what is left is a number other than 0.
  EXPECT_EQ(match_of("(10^9)!", "(10^9)! + 1"), ResidueMatch::different);
}

TEST(Residues, TakeOtherConstantsAsUnknowns) {
  EXPECT_EQ(match_of("\\pi", "\\pi + 10^{-5000}"), ResidueMatch::different);
  EXPECT_EQ(match_of("\\pi", "e"), ResidueMatch::open);
  EXPECT_EQ(match_of("\\sqrt{2}\\sqrt{3}", "\\sqrt{6}"), ResidueMatch::open);
  EXPECT_EQ(match_of("\\sqrt{2}\\sqrt{3}", "\\sqrt{6}", true), ResidueMatch::same);
  EXPECT_EQ(match_of("\\sqrt{2^{2024}+1}", "2^{1012}", true), ResidueMatch::different);
}

TEST(Residues, StayOpenWhereADivisorIsZero) {
  EXPECT_EQ(match_of("1", "\\frac{1}{2^{100000} - 2 \\cdot 2^{99999}}"), ResidueMatch::open);
}

}  // namespace
}  // namespace deepscaler
