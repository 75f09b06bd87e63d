#include "train/optimizers/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace deepscaler {
namespace {

std::vector<float> rates(const ScheduleConfig& config, float peak, int64_t steps) {
  std::vector<float> all;
  for (int64_t i = 0; i < steps; ++i) all.push_back(learning_rate(config, peak, i, steps));
  return all;
}

TEST(Schedule, ConstantStaysAtThePeakWhateverTheNumberOfSteps) {
  EXPECT_EQ(rates({}, 0.25f, 3), (std::vector<float>{0.25f, 0.25f, 0.25f}));
  EXPECT_EQ(learning_rate({.warmup_steps = 2}, 1, 5, 10), learning_rate({.warmup_steps = 2}, 1, 5, 1000));
}

TEST(Schedule, WarmUpRisesInEqualParts) {
  EXPECT_EQ(rates({.warmup_steps = 4}, 1, 6), (std::vector<float>{0.25f, 0.5f, 0.75f, 1, 1, 1}));
}

TEST(Schedule, LinearFallsToTheFloorOneStepAfterTheLast) {
  EXPECT_EQ(rates({.schedule = Schedule::kLinear}, 1, 4), (std::vector<float>{1, 0.75f, 0.5f, 0.25f}));
  EXPECT_EQ(rates({.schedule = Schedule::kLinear, .warmup_steps = 2, .min_lr = 0.5f}, 1, 6),
            (std::vector<float>{0.5f, 1, 1, 0.875f, 0.75f, 0.625f}));
}

// The cosine's values at quarters: 1, (1 + sqrt(1/2)) / 2, 1/2, (1 - sqrt(1/2)) / 2.
TEST(Schedule, CosineFallsAlongHalfAWave) {
  const auto all = rates({.schedule = Schedule::kCosine}, 1, 4);
  const float root = std::sqrt(0.5f);
  EXPECT_FLOAT_EQ(all[0], 1);
  EXPECT_FLOAT_EQ(all[1], (1 + root) / 2);
  EXPECT_FLOAT_EQ(all[2], 0.5f);
  EXPECT_FLOAT_EQ(all[3], (1 - root) / 2);
  // DeepSeek-R1's second SFT: 5e-5 to 5e-6; in the middle halfway between.
  EXPECT_FLOAT_EQ(learning_rate({.schedule = Schedule::kCosine, .min_lr = 5e-6f}, 5e-5f, 50, 100), 2.75e-5f);
}

TEST(Schedule, WarmUpMayTakeTheWholeStage) {
  EXPECT_EQ(rates({.schedule = Schedule::kCosine, .warmup_steps = 8}, 1, 2),
            (std::vector<float>{0.125f, 0.25f}));
}

}  // namespace
}  // namespace deepscaler
