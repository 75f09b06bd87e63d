#include "rl/policy_loss.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "rl/advantage.h"

namespace deepscaler {
namespace {

using nlohmann::json;

// Worked out by torch in float64: tests/goldens/make_loss_goldens.py.
const json& goldens() {
  static const json parsed =
      json::parse(read_file(std::filesystem::path(DEEPSCALER_GOLDENS) / "losses.json"));
  return parsed;
}

// The advantages of all sequences, group by group in their order.
std::vector<float> advantages(AdvantageKind kind, double eps, const std::vector<size_t>& undecided = {}) {
  const auto groups = goldens()["inputs"]["group"].get<std::vector<int>>();
  const auto rewards = goldens()["inputs"]["rewards"].get<std::vector<double>>();
  std::vector<float> result;
  for (int group = 0; group <= groups.back(); ++group) {
    std::vector<std::optional<double>> of_group;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (groups[i] != group) continue;
      const bool decided = std::ranges::count(undecided, i) == 0;
      of_group.push_back(decided ? std::optional(rewards[i]) : std::nullopt);
    }
    const auto values = group_advantages(of_group, kind, eps);
    result.insert(result.end(), values.begin(), values.end());
  }
  return result;
}

void expect_near(const std::vector<float>& values, const json& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i].get<double>(), 1e-6) << i;
}

TEST(Advantage, MatchesTheFormulas) {
  const json& expected = goldens()["advantages"];
  expect_near(advantages(AdvantageKind::kGroupStd, 1e-6), expected["grpo"]);
  expect_near(advantages(AdvantageKind::kGroupStd, 1e-4), expected["grpo_trl"]);
  expect_near(advantages(AdvantageKind::kGroupMean, 0), expected["mean_only"]);
  expect_near(advantages(AdvantageKind::kLeaveOneOut, 0), expected["rloo"]);
}

TEST(Advantage, UndecidedSamplesLeaveTheStatistics) {
  const auto undecided = goldens()["inputs"]["undecided"].get<std::vector<size_t>>();
  expect_near(advantages(AdvantageKind::kGroupStd, 1e-6, undecided),
              goldens()["advantages"]["undecided.grpo"]);
  expect_near(advantages(AdvantageKind::kGroupMean, 0, undecided),
              goldens()["advantages"]["undecided.mean_only"]);
}

TEST(Advantage, AGroupOfEqualRewardsHasNone) {
  const std::vector<std::optional<double>> equal(4, 1.0), alone = {1.0, std::nullopt};
  EXPECT_EQ(group_advantages(equal, AdvantageKind::kGroupStd, 0), std::vector<float>(4, 0.0f));
  EXPECT_EQ(group_advantages(alone, AdvantageKind::kGroupStd, 0), std::vector<float>(2, 0.0f));
}

LossAggregation aggregation_named(const std::string& name) {
  if (name == "token-mean") return LossAggregation::kTokenMean;
  if (name == "seq-mean-token-mean") return LossAggregation::kSequenceMean;
  if (name == "seq-mean-token-sum") return LossAggregation::kSequenceSum;
  return LossAggregation::kSequenceSumNorm;
}

// Runs one case of the goldens through the loss as the training step would call it.
void check_case(const json& c) {
  SCOPED_TRACE(c["name"].get<std::string>());
  const json& inputs = goldens()["inputs"];
  const auto lengths = inputs["lengths"].get<std::vector<int64_t>>();
  const auto old_log_probs = inputs["old_logp"].get<std::vector<std::vector<float>>>();
  const auto log_probs = inputs["logp"].get<std::vector<std::vector<float>>>();
  const auto advantages =
      goldens()["advantages"][c["advantage"].get<std::string>()].get<std::vector<float>>();
  const auto weights = token_weights(lengths, aggregation_named(c["aggregation"]), inputs["constant_length"]);

  std::vector<std::vector<ResponseTarget>> targets(1);
  std::vector<PredictedToken> tokens;
  std::vector<TokenScore> scores;
  for (size_t r = 0; r < lengths.size(); ++r) {
    targets[0].push_back({std::span(old_log_probs[r]).first(lengths[r]), advantages[r], weights[r]});
    for (int32_t t = 0; t < lengths[r]; ++t) {
      tokens.push_back({.group = 0, .response = static_cast<int32_t>(r), .token = t});
      scores.push_back({log_probs[r][t], 0});
    }
  }
  PolicyLoss loss(targets, {.low = c["clip_low"], .high = c["clip_high"]});
  std::vector<TokenDerivative> derivatives(tokens.size());
  loss.evaluate(tokens, scores, derivatives);
  EXPECT_NEAR(loss.sums().loss, c["loss"].get<double>(), 1e-6);
  for (size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_NEAR(derivatives[i].log_prob, c["d_logp"][tokens[i].response][tokens[i].token].get<double>(),
                1e-6);
  }
}

TEST(PolicyLoss, MatchesTheFormulaUnderEveryAggregation) {
  int checked = 0;
  for (const json& c : goldens()["losses"]) {
    const bool plain = c["policy"] == "clip" && c["dual_clip"] == 0 && c["kl"] == "none" &&
                       !c["on_policy"].get<bool>() && c["entropy_coefficient"] == 0.0 && c["mask"] == "mask";
    if (!plain) continue;
    check_case(c);
    ++checked;
  }
  EXPECT_GE(checked, 4);
}

TEST(PolicyLoss, FirstUpdateOnRecordedLogProbabilitiesHasRatioOne) {
  const ClippedToken token = clipped_policy_loss(-1.25f, -1.25f, 0.5f, {});
  EXPECT_EQ(token.loss, -0.5f);
  EXPECT_EQ(token.derivative, -0.5f);
  EXPECT_FALSE(token.clipped_low || token.clipped_high);
}

}  // namespace
}  // namespace deepscaler
