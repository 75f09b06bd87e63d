#include "rl/reward/reward_length.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "rl/loss/loss_goldens.h"

namespace deepscaler {
namespace {

TEST(LengthReward, OverlongMatchesTheFormula) {
  const auto& golden = loss_goldens()["overlong"];
  const auto lengths = golden["lengths"].get<std::vector<int64_t>>();
  for (size_t i = 0; i < lengths.size(); ++i) {
    EXPECT_NEAR(overlong_penalty(lengths[i], false, golden["max_tokens"], golden["cache"]),
                golden["penalties"][i].get<double>(), 1e-12)
        << lengths[i];
  }
  EXPECT_EQ(overlong_penalty(100, true, 100, 20), -1);
}

TEST(LengthReward, ShortRightAnswersGainAndLongWrongOnesLose) {
  const std::vector<RatedLength> group = {{10, true}, {20, true}, {30, true}, {10, false}, {30, false}};
  EXPECT_EQ(length_rewards(group), (std::vector<double>{0.5, 0, -0.5, 0, -0.5}));
  const std::vector<RatedLength> equal = {{7, true}, {7, false}};
  EXPECT_EQ(length_rewards(equal), (std::vector<double>{0, 0}));
  EXPECT_TRUE(length_rewards({}).empty());
}

}  // namespace
}  // namespace deepscaler
