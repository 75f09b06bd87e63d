#include "verify/algebra/separation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "verify/parse/parse.h"

namespace deepscaler {
namespace {

double size_of(std::string_view text) {
  Steps steps(100'000);
  return written_out_bits(*parse_answer(text), {}, steps);
}

TEST(Separation, CountsWhatAnExpressionStandsFor) {
  EXPECT_LT(size_of("\\sqrt{2}+\\sqrt{3}"), 40);
  EXPECT_GT(size_of("\\pi+10^{-500}"), 1660);     // 500 digits
  EXPECT_GT(size_of("1-\\frac{1}{300!}"), 2040);  // log2 300!
  EXPECT_GT(size_of("\\tanh 1000"), 2880);        // 1 - tanh 1000 is about e^-2000
  EXPECT_GT(size_of("e^{-1000}"), 1440);
  EXPECT_GT(size_of("\\cos(10^{-300})"), 990);
  EXPECT_TRUE(std::isinf(size_of("9^{9^{9^9}}")));
}

TEST(Separation, WantsTwiceTheSizeAndNeverLessThan80Digits) {
  EXPECT_EQ(bits_to_agree(10), 256);
  EXPECT_EQ(bits_to_agree(1000), 2064);
}

}  // namespace
}  // namespace deepscaler
