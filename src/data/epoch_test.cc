#include "data/epoch.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace deepscaler {
namespace {

TEST(Passes, EpochsSeeEveryExampleOnceEach) {
  PassesConfig config{.epochs = 2, .examples_per_step = 4};
  EXPECT_EQ(config.steps_over(7), 4);  // 14 examples: 4, 4, 4 and 2
  for (const bool shuffle : {true, false}) {
    config.shuffle = shuffle;
    std::vector<int64_t> seen;
    for (int64_t step = 0; step < 4; ++step) {
      const auto batch = config.batch(7, step, 3);
      EXPECT_EQ(batch.size(), step < 3 ? 4u : 2u);
      seen.insert(seen.end(), batch.begin(), batch.end());
    }
    std::vector<int64_t> first(seen.begin(), seen.begin() + 7), second(seen.begin() + 7, seen.end());
    EXPECT_EQ(first == std::vector<int64_t>({0, 1, 2, 3, 4, 5, 6}), !shuffle);
    EXPECT_EQ(first == second, !shuffle) << "each epoch has an order of its own";
    std::ranges::sort(first);
    std::ranges::sort(second);
    EXPECT_EQ(first, std::vector<int64_t>({0, 1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(second, first);
  }
  EXPECT_EQ((PassesConfig{.epochs = 0.5, .examples_per_step = 4}.steps_over(16)), 2);
  EXPECT_EQ(PassesConfig{.steps = 5}.steps_over(7), 5);
  EXPECT_EQ((PassesConfig{.steps = 5, .examples_per_step = 4}.batch(7, 4, 3).size()), 4u);
}

}  // namespace
}  // namespace deepscaler
