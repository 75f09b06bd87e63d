#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace deepscaler {
namespace {

TEST(DType, NamesComeBack) {
  for (const DType dtype : kAllDTypes) EXPECT_EQ(dtype_from_name(dtype_name(dtype)), dtype);
  EXPECT_EQ(dtype_from_name("I64"), std::nullopt);
}

TEST(DType, StorageIsWholeBlocksWithoutOverflow) {
  EXPECT_EQ(storage_bytes(DType::kF32, 3), 12);
  EXPECT_EQ(storage_bytes(DType::kQ8_0, 64), 68);
  EXPECT_EQ(storage_bytes(DType::kQ6_K, 512), 420);
  EXPECT_EQ(storage_bytes(DType::kQ6_K, 32), std::nullopt);
  EXPECT_EQ(storage_bytes(DType::kF16, -2), std::nullopt);
  EXPECT_EQ(storage_bytes(DType::kF32, std::numeric_limits<int64_t>::max()), std::nullopt);
}

// Every half is its own nearest half, and the midpoints between neighbours go to the even one.
template <typename Widen, typename Narrow>
void expect_round_to_nearest_even(Widen widen, Narrow narrow, uint16_t infinity) {
  for (uint32_t bits = 0; bits < infinity; ++bits) {
    const auto low = static_cast<uint16_t>(bits);
    const auto high = static_cast<uint16_t>(bits + 1);
    const float value = widen(low);
    ASSERT_EQ(narrow(value), low);
    ASSERT_EQ(narrow(-value), low | 0x8000);
    if (high == infinity) break;
    const double middle = (static_cast<double>(value) + widen(high)) / 2;
    const auto even = bits % 2 == 0 ? low : high;
    ASSERT_EQ(narrow(static_cast<float>(middle)), even) << bits;
    ASSERT_EQ(narrow(std::nextafter(static_cast<float>(middle), 0.0f)), low) << bits;
    ASSERT_EQ(narrow(std::nextafter(static_cast<float>(middle), INFINITY)), high) << bits;
  }
  EXPECT_EQ(narrow(INFINITY), infinity);
  EXPECT_EQ(narrow(-INFINITY), infinity | 0x8000);
  EXPECT_EQ(narrow(std::numeric_limits<float>::max()), infinity);
  EXPECT_TRUE(std::isinf(widen(infinity)));
  EXPECT_TRUE(std::isnan(widen(static_cast<uint16_t>(infinity + 1))));
  EXPECT_TRUE(std::isnan(widen(narrow(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_TRUE(std::isnan(widen(narrow(std::bit_cast<float>(0x7f800001)))));
}

TEST(DType, F16RoundsToNearestEven) { expect_round_to_nearest_even(f16_to_f32, f32_to_f16, 0x7c00); }
TEST(DType, BF16RoundsToNearestEven) { expect_round_to_nearest_even(bf16_to_f32, f32_to_bf16, 0x7f80); }

TEST(DType, F16KnownValues) {
  EXPECT_EQ(f16_to_f32(0x3c00), 1.0f);
  EXPECT_EQ(f16_to_f32(0x0001), 0x1p-24f);
  EXPECT_EQ(f16_to_f32(0xfbff), -65504.0f);
  EXPECT_EQ(f32_to_f16(65519.996f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_f16(1e-9f), 0);
}

}  // namespace
}  // namespace deepscaler
