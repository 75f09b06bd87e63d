#include "report/axis.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

std::string text_of(const Ticks& ticks) {
  std::string text;
  for (double value : ticks.values()) text += (text.empty() ? "" : " ") + tick_text(value);
  return text;
}

TEST(Axis, EnclosesTheValuesWithRoundNumbers) {
  EXPECT_EQ(text_of(ticks_around(0, 0.697, 5)), "0 0.2 0.4 0.6 0.8");
  EXPECT_EQ(text_of(ticks_around(0, 1, 5)), "0 0.2 0.4 0.6 0.8 1");
  EXPECT_EQ(text_of(ticks_around(-0.3, 0.9, 5)), "-0.5 0 0.5 1");
  EXPECT_EQ(text_of(ticks_around(0, 2.1e-5, 4)), "0 1e-05 2e-05 3e-05");
  EXPECT_EQ(text_of(ticks_around(0, 12345, 5)), "0 5,000 10,000 15,000");
  EXPECT_EQ(text_of(ticks_around(0, 0.3, 3)), "0 0.1 0.2 0.3");
}

TEST(Axis, EqualValuesHaveAnAxisToo) {
  for (double value : {0.0, 1.0, -3.0, 0.07, 1e-300, 1e300}) {
    const Ticks ticks = ticks_around(value, value, 5);
    EXPECT_LE(ticks.low(), value + 1e-9) << value;
    EXPECT_GE(ticks.high(), value - 1e-9) << value;
    EXPECT_LT(ticks.low(), ticks.high()) << value;
  }
}

TEST(Axis, StepsAreWholeNumbers) {
  EXPECT_EQ(text_of(whole_ticks_within(0, 14, 5)), "0 5 10");
  EXPECT_EQ(text_of(whole_ticks_within(24, 33, 5)), "24 26 28 30 32");
  EXPECT_EQ(text_of(whole_ticks_within(0, 1, 5)), "0 1");
  EXPECT_EQ(text_of(whole_ticks_within(1013, 1987, 5)), "1,200 1,400 1,600 1,800");
}

TEST(Axis, LongNumbersAreGrouped) {
  EXPECT_EQ(tick_text(999), "999");
  EXPECT_EQ(tick_text(1000), "1,000");
  EXPECT_EQ(tick_text(-123456), "-123,456");
  EXPECT_EQ(tick_text(2000000), "2e+06");
  EXPECT_EQ(tick_text(-100), "-100");
}

}  // namespace
}  // namespace deepscaler
