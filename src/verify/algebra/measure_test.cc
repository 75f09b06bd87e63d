#include "verify/algebra/measure.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace deepscaler {
namespace {

TEST(Dimension, IsTheSameInAnyOrderAndWithoutWhatCancels) {
  Dimension speed(BaseUnit::metre), other;
  speed.multiply_by(BaseUnit::second, -1);
  other.multiply_by(BaseUnit::second, -1);
  other.multiply_by(BaseUnit::kilogram, 2);
  other.multiply_by(BaseUnit::metre, 1);
  EXPECT_NE(speed, other);
  other.multiply_by(BaseUnit::kilogram, -2);
  EXPECT_EQ(speed, other);
  EXPECT_EQ(speed.to_text(), "m^1 s^-1");
  speed.multiply_by(BaseUnit::second, 1);
  speed.multiply_by(BaseUnit::metre, -1);
  EXPECT_TRUE(speed.is_none());
  EXPECT_EQ(speed.to_text(), "");
}

TEST(Dimension, EachUnitHasASymbolOfItsOwn) {
  std::set<std::string_view> symbols;
  const int count = static_cast<int>(BaseUnit::us_dollar) + 1;
  for (int i = 0; i < count; ++i) symbols.insert(symbol_of(static_cast<BaseUnit>(i)));
  EXPECT_EQ(symbols.size(), static_cast<size_t>(count));
  EXPECT_FALSE(symbols.contains(""));
}

}  // namespace
}  // namespace deepscaler
