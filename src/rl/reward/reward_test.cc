#include "rl/reward/reward.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/config.h"
#include "base/error.h"
#include "rl/grpo_metrics.h"

namespace deepscaler {
namespace {

class RewardTest : public testing::Test {
 protected:
  RewardTest() {
    groups_.push_back({&problem_, {}, std::vector<RolloutSample>(3)});
    const char* texts[] = {"<think>add</think> \\boxed{4}", "\\boxed{5}", "Take 2 and 2"};
    for (size_t i = 0; i < 3; ++i) {
      RolloutSample& sample = groups_[0].samples[i];
      sample.text = texts[i];
      sample.generation.tokens.resize(10 + 5 * i);
      sample.generation.finish_reason = i == 2 ? FinishReason::kLength : FinishReason::kStop;
    }
  }
  static RewardConfig config(const std::string& toml) {
    RewardConfig result;
    read_config_text(toml, "recipe", {}, [&](ConfigSection& s) { bind(s, result); });
    return result;
  }
  std::vector<std::optional<double>> graded(const std::string& toml) {
    grade_rollout(groups_, config(toml), 20);
    return groups_[0].rewards();
  }

  const Problem problem_ = {.id = "p", .problem = "2 + 2?", .answers = {"4"}};
  std::vector<RolloutGroup> groups_;
};

using Rewards = std::vector<std::optional<double>>;

TEST_F(RewardTest, AccuracyAloneIsTheDefault) {
  EXPECT_EQ(graded(""), (Rewards{1, 0, 0}));
  EXPECT_EQ(groups_[0].samples[0].rewards.size(), 1u);
  EXPECT_EQ(groups_[0].samples[2].verdict.reason, Reason::no_answer);
}

TEST_F(RewardTest, TheRewardOfATruncatedResponseIsScaled) {
  const std::string format_for_all = "[[command]]\nname = \"mine\"\nprogram = [\"printf\", '1\\n1\\n1\\n']";
  EXPECT_EQ(graded(format_for_all), (Rewards{2, 1, 1}));
  groups_[0].samples[0].generation.finish_reason = FinishReason::kLength;
  EXPECT_EQ(graded("truncated_scale = 0.25\n" + format_for_all), (Rewards{0.5, 1, 0.25}));
  EXPECT_EQ(graded("truncated_scale = 0"), (Rewards{0, 0, 0}));
}

TEST_F(RewardTest, PartsAddUpByTheirWeights) {
  EXPECT_EQ(graded("accuracy = 2\nformat = 0.5"), (Rewards{2.5, 0, 0}));
  EXPECT_EQ(graded("overlong = 1\noverlong_buffer_tokens = 10"), (Rewards{1, -0.5, -1}));
  EXPECT_EQ(graded("length = 1"), (Rewards{1.5, 0, -0.5}));
  EXPECT_EQ(graded("language = 1\ntarget_language = \"zh\""), (Rewards{1, 1, 0}));  // no words: 1
  EXPECT_EQ(graded("[[command]]\nname = \"mine\"\nweight = 10\nprogram = [\"printf\", '1\\n2\\n3\\n']"),
            (Rewards{11, 20, 30}));
  const auto& parts = groups_[0].samples[1].rewards;
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[1].name, "mine");
  EXPECT_EQ(parts[1].value, 2);
  Metrics metrics;
  record_rewards(groups_, metrics);
  EXPECT_EQ(metrics.get("rewards/mine/mean"), 2);
  EXPECT_NEAR(*metrics.get("rewards/mine/std"), 1, 1e-12);  // of 1, 2 and 3, unbiased
  EXPECT_NEAR(*metrics.get("rewards/accuracy/mean"), 1.0 / 3, 1e-12);
  EXPECT_NEAR(*metrics.get("reward"), 61.0 / 3, 1e-12);
}

TEST_F(RewardTest, AnUndecidedPartThatCountsLeavesTheSampleUndecided) {
  const std::string command = "\n[[command]]\nname = \"mine\"\nprogram = [\"printf\", 'null\\n2\\n3\\n']";
  EXPECT_EQ(graded(command), (Rewards{std::nullopt, 2, 3}));
  EXPECT_EQ(graded(command + "\nweight = 0"), (Rewards{1, 0, 0}));
  Metrics metrics;
  record_rewards(groups_, metrics);
  EXPECT_EQ(metrics.get("rewards/mine/mean"), 2.5);
}

TEST_F(RewardTest, AFailingProgramIsAnError) {
  const auto refusal = [&](const std::string& program) -> std::string {
    try {
      (void)graded("[[command]]\nname = \"mine\"\nprogram = [\"" + program + "\"]");
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal("false"), "reward mine: exited with code 1; mend the program");
  EXPECT_EQ(refusal("/no/such"),
            "reward mine: can't start /no/such: No such file or directory; check the program's path and "
            "permissions");
}

}  // namespace
}  // namespace deepscaler
