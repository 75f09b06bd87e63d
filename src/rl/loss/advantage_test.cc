#include "rl/loss/advantage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "rl/loss/loss_goldens.h"

namespace deepscaler {
namespace {

using nlohmann::json;

// The goldens' sequences, group by group.
std::vector<GroupRewards> golden_groups(const std::vector<size_t>& undecided = {}) {
  const auto groups = loss_goldens()["inputs"]["group"].get<std::vector<size_t>>();
  const auto rewards = loss_goldens()["inputs"]["rewards"].get<std::vector<double>>();
  const auto lengths = loss_goldens()["inputs"]["lengths"].get<std::vector<int64_t>>();
  std::vector<GroupRewards> result(groups.back() + 1);
  for (size_t i = 0; i < groups.size(); ++i) {
    const bool decided = std::ranges::count(undecided, i) == 0;
    result[groups[i]].rewards.push_back(decided ? std::optional(rewards[i]) : std::nullopt);
    result[groups[i]].tokens.push_back(lengths[i]);
  }
  return result;
}

void expect_golden(const char* name, AdvantageKind kind, double eps,
                   const std::vector<size_t>& undecided = {}) {
  SCOPED_TRACE(name);
  const json& expected = loss_goldens()["advantages"][name];
  size_t i = 0;
  for (const auto& group : advantages(golden_groups(undecided), kind, eps)) {
    for (float value : group) EXPECT_NEAR(value, expected[i++].get<double>(), 1e-6);
  }
  EXPECT_EQ(i, expected.size());
}

TEST(Advantage, MatchesTheFormulas) {
  expect_golden("grpo", AdvantageKind::kGroupStd, 1e-6);
  expect_golden("grpo_trl", AdvantageKind::kGroupStd, 1e-4);
  expect_golden("mean_only", AdvantageKind::kGroupMean, 0);
  expect_golden("rloo", AdvantageKind::kLeaveOneOut, 0);
  expect_golden("maxrl", AdvantageKind::kGroupMeanScaled, 1e-6);
  expect_golden("reinforce_pp", AdvantageKind::kBatchWhitened, 1e-8);
  expect_golden("reinforce_pp_baseline", AdvantageKind::kBatchWhitenedBaseline, 1e-8);
}

TEST(Advantage, ScaledByTheMeanAGroupNeedsAMeanAboveZero) {
  const std::vector<GroupRewards> groups = {
      {{-1.0, 0.5}, {1, 1}}, {{-1.0, 1.0}, {1, 1}}, {{0.0, 1.0}, {1, 1}}};
  EXPECT_EQ(advantages(groups, AdvantageKind::kGroupMeanScaled, 0),
            (std::vector<std::vector<float>>{{0, 0}, {0, 0}, {-1, 1}}));
}

TEST(Advantage, TheWeightOfAGroupFallsWithItsDistanceFromOneHalf) {
  const json& golden = loss_goldens()["uncertainty"];
  for (size_t i = 0; i < golden["pass_rates"].size(); ++i) {
    EXPECT_NEAR(uncertainty_weight(golden["pass_rates"][i], golden["sharpness"]),
                golden["weights"][i].get<double>(), 1e-12);
  }
  EXPECT_EQ(uncertainty_weight(0.125, 0), 1);
}

TEST(Advantage, UndecidedSamplesLeaveTheStatistics) {
  const auto undecided = loss_goldens()["inputs"]["undecided"].get<std::vector<size_t>>();
  expect_golden("undecided.grpo", AdvantageKind::kGroupStd, 1e-6, undecided);
  expect_golden("undecided.mean_only", AdvantageKind::kGroupMean, 0, undecided);
}

TEST(Advantage, UndecidedAndMaskedSamplesLeaveTheBatch) {
  // Of 0, 1, 1 with one token each: mean 2/3, unbiased variance 1/3.
  const std::vector<GroupRewards> groups = {{{0.0, std::nullopt}, {1, 5}}, {{1.0, 1.0, 7.0}, {1, 1, 0}}};
  const auto values = advantages(groups, AdvantageKind::kBatchWhitened, 0);
  EXPECT_NEAR(values[0][0], -2.0 / 3 * std::sqrt(3.0), 1e-6);
  EXPECT_EQ(values[0][1], 0.0f);
  EXPECT_NEAR(values[1][1], 1.0 / 3 * std::sqrt(3.0), 1e-6);
}

TEST(Advantage, EqualRewardsTeachNothing) {
  const std::vector<GroupRewards> groups = {{{1.0, 1.0, 1.0}, {2, 3, 4}}, {{1.0, std::nullopt}, {2, 3}}};
  const std::vector<std::vector<float>> zeros = {{0, 0, 0}, {0, 0}};
  for (AdvantageKind kind : {AdvantageKind::kGroupStd, AdvantageKind::kGroupMean, AdvantageKind::kLeaveOneOut,
                             AdvantageKind::kBatchWhitened, AdvantageKind::kBatchWhitenedBaseline}) {
    EXPECT_EQ(advantages(groups, kind, 0), zeros);
  }
  EXPECT_FALSE(rewards_differ(groups[0].rewards));
  EXPECT_FALSE(rewards_differ(groups[1].rewards));

  // Also where the mean of equal numbers is not that number.
  const std::vector<GroupRewards> inexact = {
      {std::vector<std::optional<double>>(16, 1.2), std::vector<int64_t>(16, 3)},
      {std::vector<std::optional<double>>(8, 0.1), std::vector<int64_t>(8, 7)}};
  const std::vector<std::vector<float>> nothing = {std::vector<float>(16), std::vector<float>(8)};
  EXPECT_EQ(advantages(inexact, AdvantageKind::kBatchWhitenedBaseline, 0), nothing);
  EXPECT_EQ(advantages(std::span(inexact).first(1), AdvantageKind::kBatchWhitened, 0),
            std::vector<std::vector<float>>{nothing[0]});
  EXPECT_TRUE(rewards_differ(std::vector<std::optional<double>>{std::nullopt, 1.0, 0.5}));
}

}  // namespace
}  // namespace deepscaler
