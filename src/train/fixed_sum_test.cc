#include "train/fixed_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <mutex>
#include <vector>

#include "base/rng.h"
#include "comm/thread_ranks.h"

namespace deepscaler {
namespace {

constexpr int64_t kSize = 1000;

// As a model's gradients: small, of many sizes.
std::vector<float> addend(uint64_t number) {
  const Rng rng(7, {number});
  std::vector<float> numbers;
  for (uint64_t i = 0; i < kSize; ++i) numbers.push_back(1e-3f * std::pow(rng.normal(i), 5.0f));
  return numbers;
}

std::vector<float> sum_on_ranks(int64_t size, uint64_t addends) {
  std::vector<float> result;
  std::mutex mutex;
  run_on_ranks(size, [&] {
    FixedSum sum(kSize);
    for (uint64_t i = 0; i < addends; ++i) {
      if (static_cast<int64_t>(i) % size == ranks().rank()) sum.add(addend(i));
    }
    std::vector<float> total(kSize);
    EXPECT_TRUE(sum.reduce(ranks(), total));
    const std::lock_guard lock(mutex);
    if (!result.empty()) EXPECT_EQ(result, total);
    result = total;
  });
  return result;
}

TEST(FixedSum, HasTheSameBitsForAnyNumberOfRanks) {
  const std::vector<float> one = sum_on_ranks(1, 12);
  for (const int64_t size : {2, 3, 4}) EXPECT_EQ(sum_on_ranks(size, 12), one) << size;
  for (size_t i = 0; i < kSize; ++i) {
    double exact = 0;
    for (uint64_t a = 0; a < 12; ++a) exact += addend(a)[i];
    EXPECT_NEAR(one[i], exact, 1e-7 * std::abs(exact) + 1e-14);
  }
}

TEST(FixedSum, BeginsAnewAfterClear) {
  FixedSum sum(1);
  std::vector<float> total(1);
  sum.add(std::vector{1.0f});
  sum.clear();
  sum.add(std::vector{-0.25f});
  EXPECT_TRUE(sum.reduce(ranks(), total));
  EXPECT_EQ(total[0], -0.25f);
}

// Two addends: each must be below 4096.
TEST(FixedSum, RefusesWhatMightWrapAround) {
  for (const auto& [large, fits] : {std::pair(4095.9f, true), std::pair(4096.0f, false),
                                    std::pair(-4096.0f, false), std::pair(1e30f, false)}) {
    FixedSum sum(2);
    std::vector<float> total(2);
    sum.add(std::vector{0.0f, large});
    sum.add(std::vector{0.0f, 0.0f});
    EXPECT_EQ(sum.reduce(ranks(), total), fits) << large;
    if (fits) EXPECT_EQ(total[1], large);
  }
}

TEST(FixedSum, RefusesWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    run_on_ranks(2, [&] {
      FixedSum sum(2);
      std::vector<float> total(2);
      sum.add(std::vector{ranks().rank() == 1 ? bad : 0.0f, 0.0f});
      EXPECT_FALSE(sum.reduce(ranks(), total));
    });
  }
}

}  // namespace
}  // namespace deepscaler
