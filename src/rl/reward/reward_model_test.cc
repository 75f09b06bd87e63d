#include "rl/reward/reward_model.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/config.h"
#include "base/error.h"
#include "rl/reward/reward.h"

namespace deepscaler {
namespace {

class RewardModelTest : public testing::Test {
 protected:
  RewardModelTest() {
    for (const std::vector<std::vector<int32_t>>& responses :
         {std::vector<std::vector<int32_t>>{{5, 6, 7}, {8}}, {{9, 10}, {}}}) {
      RolloutGroup group;
      group.problem = &problem_;
      group.prompt.tokens = {3, 4, static_cast<int32_t>(11 + groups_.size())};
      for (const auto& response : responses) {
        group.samples.emplace_back();
        group.samples.back().generation.tokens = response;
      }
      groups_.push_back(std::move(group));
    }
  }
  // By a sequence of its own.
  double score_of(size_t group, size_t sample) {
    const RolloutGroup& g = groups_[group];
    const std::vector<TokenGroup> alone = {
        {.prompt = g.prompt.tokens, .responses = {g.samples[sample].generation.tokens}}};
    return engine_.values(alone, TokenRow::kAt)[0][0].back();
  }

  const Problem problem_ = {.id = "p", .problem = "2 + 2?", .answers = {"4"}};
  std::vector<RolloutGroup> groups_;
  Engine engine_{Model::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "reward"), {}};
};

TEST_F(RewardModelTest, ReadsTheScoreAtTheLastToken) {
  const auto raw = model_rewards({engine_, std::nullopt}, groups_);
  ASSERT_EQ(raw.size(), 4u);
  EXPECT_EQ(raw[0], score_of(0, 0));
  EXPECT_EQ(raw[1], score_of(0, 1));
  EXPECT_EQ(raw[2], score_of(1, 0));
  EXPECT_EQ(raw[3], std::nullopt) << "a response without tokens is undecided";
  EXPECT_NE(raw[0], raw[1]);
  const auto normalized = model_rewards({engine_, ScoreScale{.mean = 0.5, .std = 2}}, groups_);
  EXPECT_EQ(normalized[0], (score_of(0, 0) - 0.5) / 2);
}

TEST_F(RewardModelTest, CountsWithItsWeight) {
  RewardConfig config;
  read_config_text(
      "accuracy = 0.0\n[[model]]\nname = \"helpful\"\nmodel = \"m\"\nweight = 0.5\nnormalize = false",
      "recipe", {}, [&](ConfigSection& s) { bind(s, config); });
  const std::vector<RewardScorer> scorers = {{engine_, std::nullopt}};
  grade_rollout(groups_, config, 20, scorers);
  EXPECT_EQ(groups_[0].samples[0].reward, 0.5 * score_of(0, 0));
  EXPECT_EQ(groups_[0].samples[0].rewards.back().name, "helpful");
  EXPECT_EQ(groups_[1].samples[1].reward, std::nullopt);
}

TEST(RewardConfig, TwoRewardsCantHaveOneName) {
  RewardConfig config;
  config.models = {{.name = "accuracy", .model = "m"}};
  try {
    validate(config, "r.toml: stage.0.reward");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "r.toml: stage.0.reward: a model can't be named \"accuracy\"; take a word of its own, of "
                 "letters, digits, _ and -");
  }
}

}  // namespace
}  // namespace deepscaler
