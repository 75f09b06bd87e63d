#include "base/rng.h"

#include <gtest/gtest.h>

#include <cmath>

namespace deepscaler {
namespace {

// Known answers published with the reference implementation (Random123, kat_vectors).
TEST(Rng, PhiloxMatchesPublishedVectors) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Rng, StreamsAndCountersDiffer) {
  const Rng rng(7, {1, 2, 3});
  EXPECT_EQ(rng.bits(5), Rng(7, {1, 2, 3}).bits(5));
  EXPECT_NE(rng.bits(5), rng.bits(6));
  EXPECT_NE(rng.bits(5), Rng(7, {1, 3, 2}).bits(5));
  EXPECT_NE(rng.bits(5), Rng(8, {1, 2, 3}).bits(5));
}

TEST(Rng, UniformAndNormalHaveTheirMoments) {
  const Rng rng(1, {0});
  const int n = 20000;
  double uniform_sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < n; ++i) {
    const float u = rng.uniform(i);
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    uniform_sum += u;
    const float z = rng.normal(i);
    normal_sum += z;
    normal_squares += z * z;
  }
  EXPECT_NEAR(uniform_sum / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(normal_sum / n, 0.0, 5 / std::sqrt(n));
  EXPECT_NEAR(normal_squares / n, 1.0, 5 * std::sqrt(2.0 / n));
}

TEST(Rng, BelowCoversItsRange) {
  const Rng rng(3, {});
  std::array<int, 7> counts{};
  for (int i = 0; i < 7000; ++i) ++counts.at(rng.below(7, i));
  for (int count : counts) EXPECT_NEAR(count, 1000, 5 * std::sqrt(1000.0));
}

}  // namespace
}  // namespace deepscaler
