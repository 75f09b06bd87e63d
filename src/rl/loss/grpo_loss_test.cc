#include "rl/loss/grpo_loss.h"

#include <gtest/gtest.h>

#include <list>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "rl/loss/loss_goldens.h"

namespace deepscaler {
namespace {

using nlohmann::json;

// The settings of a golden case as a recipe would say them: the names are the recipe's.
LossConfig config_of(const json& c) {
  std::string toml;
  for (const char* key : {"policy", "aggregation", "clip_low", "clip_high", "entropy_coefficient"}) {
    toml += std::string(key) + " = " + c[key].dump() + "\n";
  }
  if (c["dual_clip"] != 0) toml += "dual_clip = " + c["dual_clip"].dump() + "\n";
  if (c["kl"] != "none") {
    toml += "kl = " + c["kl"].dump() + "\nkl_coefficient = " + c["kl_coefficient"].dump() + "\n";
  }
  const json& inputs = loss_goldens()["inputs"];
  toml += "sapo_temperature_positive = " + inputs["sapo_temperatures"][0].dump() + "\n" +
          "sapo_temperature_negative = " + inputs["sapo_temperatures"][1].dump() + "\n" +
          "kl_cov_coefficient = " + inputs["kl_cov_coefficient"].dump() + "\n";
  LossConfig config;
  read_config_text(toml, c["name"].get<std::string>(), {}, [&](ConfigSection& s) { bind(s, config); });
  return config;
}

// Runs one case through the loss as the training step would: masked responses stay out of it.
void check_case(const json& c) {
  SCOPED_TRACE(c["name"].get<std::string>());
  const json& inputs = loss_goldens()["inputs"];
  auto lengths = inputs["lengths"].get<std::vector<int64_t>>();
  if (c["mask"] == "masked_mask") lengths[inputs["masked_sequence"].get<size_t>()] = 0;
  const char* old_name = c["on_policy"].get<bool>() ? "logp" : "old_logp";
  const auto old_log_probs = inputs[old_name].get<std::vector<std::vector<float>>>();
  const auto reference = inputs["ref_logp"].get<std::vector<std::vector<float>>>();
  const auto log_probs = inputs["logp"].get<std::vector<std::vector<float>>>();
  const auto entropies = inputs["entropy"].get<std::vector<std::vector<float>>>();
  const auto advantage =
      loss_goldens()["advantages"][c["advantage"].get<std::string>()].get<std::vector<float>>();
  const LossConfig config = config_of(c);
  const Denominators denominators = count_denominators(lengths);

  std::vector<std::vector<ResponseTarget>> targets(1);
  std::list<std::vector<float>> advantages;  // of each token; what targets point to
  std::vector<std::vector<uint8_t>> high_covariance;
  for (const int64_t length : lengths) high_covariance.emplace_back(length);
  for (const auto& place : inputs["high_covariance"]) {
    auto& marks = high_covariance[place[0].get<size_t>()];
    if (place[1] < marks.size()) marks[place[1].get<size_t>()] = 1;
  }
  std::vector<PredictedToken> tokens;
  std::vector<TokenScore> scores;
  for (size_t r = 0; r < lengths.size(); ++r) {
    advantages.emplace_back(lengths[r], advantage[r]);
    targets[0].push_back(
        {.old_log_probs = std::span(old_log_probs[r]).first(lengths[r]),
         .reference_log_probs = std::span(reference[r]).first(lengths[r]),
         .advantages = advantages.back(),
         .high_covariance = high_covariance[r],
         .weight = token_weight(config.aggregation, lengths[r], denominators, inputs["constant_length"])});
    for (int32_t t = 0; t < lengths[r]; ++t) {
      tokens.push_back({.group = 0, .response = static_cast<int32_t>(r), .token = t});
      scores.push_back({log_probs[r][t], entropies[r][t]});
    }
  }
  GrpoLoss loss(config, targets);
  std::vector<TokenDerivative> derivatives(tokens.size());
  if (loss.needs_whole_responses()) loss.observe(tokens, scores);
  loss.evaluate(tokens, scores, derivatives);
  EXPECT_NEAR(loss.sums().loss, c["loss"].get<double>(), 1e-6);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto& [row, target, group, r, t] = tokens[i];
    EXPECT_NEAR(derivatives[i].log_prob, c["d_logp"][r][t].get<double>(), 1e-6) << r << "," << t;
    EXPECT_NEAR(derivatives[i].entropy, c["d_entropy"][r][t].get<double>(), 1e-6) << r << "," << t;
  }
}

TEST(GrpoLoss, MatchesTheReferenceInEveryCase) {
  for (const json& c : loss_goldens()["losses"]) check_case(c);
  EXPECT_GE(loss_goldens()["losses"].size(), 21u);
}

TEST(GrpoLoss, EveryTokenHasAnAdvantageOfItsOwn) {
  const std::vector<float> old_log_probs = {-1, -1}, advantages = {2, -3};
  const std::vector<PredictedToken> tokens = {{.token = 0}, {.token = 1}};
  const std::vector<TokenScore> scores = {{-1.1f, 2}, {-0.95f, 2}};
  const LossConfig config;
  std::vector<TokenDerivative> both(2);
  GrpoLoss loss(config, {{{.old_log_probs = old_log_probs, .advantages = advantages, .weight = 0.5}}});
  loss.evaluate(tokens, scores, both);
  for (size_t i = 0; i < 2; ++i) {
    const std::vector<float> constant(2, advantages[i]);
    GrpoLoss alone(config, {{{.old_log_probs = old_log_probs, .advantages = constant, .weight = 0.5}}});
    std::vector<TokenDerivative> derivatives(2);
    alone.evaluate(tokens, scores, derivatives);
    EXPECT_EQ(both[i].log_prob, derivatives[i].log_prob) << i;
    EXPECT_NE(both[1 - i].log_prob, derivatives[1 - i].log_prob) << i;
  }
}

TEST(GrpoLoss, ItsSumsCountWhatWasClipped) {
  const std::vector<float> old_log_probs = {-1, -1, -1, -1};
  const LossConfig config = {.clip = {.low = 0.2f, .high = 0.2f, .dual = 3.0f}};
  const std::vector<float> advantages(4, -1);
  GrpoLoss loss(config, {{{.old_log_probs = old_log_probs, .advantages = advantages, .weight = 0.25}}});
  const std::vector<PredictedToken> tokens = {{.token = 0}, {.token = 1}, {.token = 2}, {.token = 3}};
  const std::vector<TokenScore> scores = {{-1, 2}, {-2, 2}, {0.5f, 4}, {-0.75f, 4}};
  std::vector<TokenDerivative> derivatives(4);
  loss.evaluate(tokens, scores, derivatives);
  EXPECT_EQ(loss.sums().tokens, 4);
  EXPECT_EQ(loss.sums().clipped_low, 1);
  EXPECT_EQ(loss.sums().clipped_high, 0);
  EXPECT_EQ(loss.sums().clipped_dual, 1);
  EXPECT_EQ(loss.sums().entropy, 12);
  EXPECT_EQ(loss.sums().max_log_prob_difference, 1.5);
  EXPECT_EQ(loss.sums().log_prob_difference, 2.75);
}

}  // namespace
}  // namespace deepscaler
