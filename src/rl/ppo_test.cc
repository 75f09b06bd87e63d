// Whole steps of PPO beside a replay in float64 by verl's formulas (tests/goldens/make_ppo_goldens.py).
#include "rl/ppo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/safetensors.h"
#include "train/parity_test.h"

namespace deepscaler {
namespace {

using nlohmann::json;

const std::filesystem::path kGoldens = DEEPSCALER_GOLDENS;
constexpr size_t kProblems = 2, kSamples = 2, kSteps = 2;

const json& goldens() {
  static const json parsed = json::parse(read_file(kGoldens / "ppo" / "steps.json"));
  return parsed;
}

class PpoTest : public testing::Test {
 protected:
  explicit PpoTest() {
    const json& settings = goldens()["settings"];
    for (OptimizerConfig* optimizer : {&policy_optimizer_, &critic_config_.optimizer}) {
      optimizer->eps = settings["adam_eps"];
      optimizer->weight_decay = 0;
    }
    policy_optimizer_.lr = settings["policy_lr"];
    critic_config_.optimizer.lr = settings["critic_lr"];
    critic_config_.value_clip = settings["value_clip"];
    gae_.gamma = settings["gamma"];
    loop_.steps = kSteps;
    loop_.rollout.problems_per_step = kProblems;
    loop_.rollout.samples_per_problem = kSamples;
    loop_.rollout.sampling.temperature = settings["temperature"];
    loop_.loss.epochs = settings["epochs"];
    loop_.loss.mini_batches = kProblems;
    loop_.loss.aggregation = LossAggregation::kTokenMean;
    for (size_t i = 0; i < kProblems; ++i) problems_.push_back({.id = std::to_string(i)});
  }

  void set(const json& golden) {
    gae_.lambda = golden["lam"];
    gae_.critic_lambda = golden["critic_lam"].get<double>();
    if (!golden["alpha"].is_null()) gae_.length_alpha = golden["alpha"].get<double>();
    gae_.whiten = golden["whiten"];
    gae_.kl_coefficient = golden["kl"];
    loop_.loss.likelihood_coefficient = golden["nll"];
  }

  // The recorded groups of a step, with the log-probabilities that sampling would have recorded.
  [[nodiscard]] std::vector<RolloutGroup> play(size_t step) {
    const json& rollout = goldens()["rollouts"][step];
    std::vector<RolloutGroup> groups(kProblems);
    for (size_t p = 0; p < kProblems; ++p) {
      groups[p].problem = &problems_[p];
      rollout["prompts"][p].get_to(groups[p].prompt.tokens);
      groups[p].samples.resize(kSamples);
      for (size_t s = 0; s < kSamples; ++s) {
        rollout["responses"][p][s].get_to(groups[p].samples[s].generation.tokens);
      }
    }
    std::vector<RolloutGroup*> all;
    for (RolloutGroup& group : groups) all.push_back(&group);
    const GroupScores scores = policy_.score(token_groups(all), loop_.rollout.sampling.temperature);
    for (size_t p = 0; p < kProblems; ++p) {
      for (size_t s = 0; s < kSamples; ++s) {
        for (const TokenScore& score : scores[p][s]) {
          groups[p].samples[s].generation.log_probs.push_back(score.log_prob);
        }
      }
    }
    return groups;
  }
  static void grade(size_t step, std::vector<RolloutGroup>& groups) {
    for (size_t p = 0; p < kProblems; ++p) {
      for (size_t s = 0; s < kSamples; ++s) {
        const double reward = goldens()["rollouts"][step]["rewards"][p][s];
        groups[p].samples[s].reward = reward;
        groups[p].samples[s].verdict.correct = reward == 1;
      }
    }
  }
  GrpoStepResult step(size_t number, const CarriedNumbers& carried = {}) {
    return ppo_step(
        {.loop = loop_, .gae = gae_, .critic = critic_config_},
        {.policy = policy_optimizer_, .critic = critic_config_.optimizer},
        {.problems = problems_, .seed = 1, .stage_step = static_cast<int64_t>(number), .carried = carried},
        {.policy = policy_, .critic = critic_, .reference = &reference_},
        {.generate = [&](const auto&) { return play(number); },
         .grade = [&](auto& groups) { grade(number, groups); }});
  }

  GrpoConfig loop_;
  GaeConfig gae_;
  CriticConfig critic_config_;
  OptimizerConfig policy_optimizer_;
  std::vector<Problem> problems_;
  Engine policy_{Model::load(kGoldens / "trl"), {}}, reference_{Model::load(kGoldens / "trl"), {}},
      critic_{Model::load(kGoldens / "reward"), {.token_budget = 32}};
};

class PpoParityTest : public PpoTest, public testing::WithParamInterface<size_t> {};

TEST_P(PpoParityTest, TwoSteps) {
  const json& golden = goldens()["cases"][GetParam()];
  const std::string name = golden["name"];
  set(golden);
  for (size_t number = 0; number < kSteps; ++number) {
    const GrpoStepResult result = step(number);
    const json& expected = golden["steps"][number];
    const double policy = expected["policy"], value = expected["value"];
    EXPECT_NEAR(*result.metrics.get("loss"), policy, 1e-4 * std::max(std::abs(policy), 0.1)) << number;
    EXPECT_NEAR(*result.metrics.get("critic/vf_loss"), value, 1e-4 * value) << number;
    EXPECT_EQ(*result.metrics.get("sampling/sampling_logp_difference/max"), 0);
    for (size_t p = 0; p < kProblems; ++p) {
      for (size_t s = 0; s < kSamples; ++s) {
        const auto& values = result.groups[p].samples[s].streams.values;
        for (size_t t = 0; t < values.size(); ++t) {
          EXPECT_NEAR(values[t], expected["values"][p][s][t].get<double>(), 1e-4);
        }
      }
    }
  }
  const SafetensorsFile after(kGoldens / "ppo" / "steps.safetensors");
  for (const auto& [kind, engine] : {std::pair("policy", &policy_), std::pair("critic", &critic_)}) {
    for (const ParameterInfo& info : engine->model().table().all()) {
      const auto expected = golden_floats(after, name + "/" + kind + "." + info.name);
      EXPECT_LT(relative_error(rows_of(info, engine->model().weights()), expected), 1e-4)
          << kind << " " << info.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, PpoParityTest, testing::Range<size_t>(0, 3), [](const auto& info) {
  return goldens()["cases"][info.param]["name"].template get<std::string>();
});

TEST_F(PpoTest, TheCriticLearnsAloneAtFirst) {
  critic_config_.pretraining_steps = 1;
  critic_config_.warmup_steps = 1;
  gae_.lambda = 0;
  const std::string policy = policy_.model().hash(), critic = critic_.model().hash();
  const GrpoStepResult pretrained = step(0);
  EXPECT_EQ(policy_.model().hash(), policy);
  EXPECT_NE(critic_.model().hash(), critic);
  EXPECT_FALSE(pretrained.metrics.get("loss").has_value());
  // Whole returns: half of the responses are right, and the other half have 0 at every token.
  const json& responses = goldens()["rollouts"][0]["responses"];
  const double right = static_cast<double>(responses[0][0].size() + responses[1][1].size());
  const double all = right + static_cast<double>(responses[0][1].size() + responses[1][0].size());
  EXPECT_NEAR(*pretrained.metrics.get("critic/returns/mean"), right / all, 1e-6);
  const GrpoStepResult warmed = step(1);
  EXPECT_EQ(policy_.model().hash(), policy);
  EXPECT_NE(*warmed.metrics.get("critic/returns/mean"), *pretrained.metrics.get("critic/returns/mean"));
  (void)ppo_step({.loop = loop_, .gae = gae_, .critic = critic_config_},
                 {.policy = policy_optimizer_, .critic = critic_config_.optimizer},
                 {.problems = problems_, .seed = 1, .stage_step = 2}, {.policy = policy_, .critic = critic_},
                 {.generate = [&](const auto&) { return play(1); }, .grade = [](auto& g) { grade(1, g); }});
  EXPECT_NE(policy_.model().hash(), policy);
}

TEST_F(PpoTest, TheCoefficientOfTheDivergenceIsCarriedOver) {
  gae_.kl_coefficient = 0.1;
  gae_.kl_target = 1;
  gae_.kl_horizon = 100;
  const GrpoStepResult first = step(0);
  EXPECT_EQ(*first.metrics.get("actor/reward_kl_penalty"), 0) << "the policy is its reference still";
  EXPECT_NEAR(first.carried.at("kl_coefficient"), 0.1 * (1 - 0.2 * 4 / 100), 1e-15);
  const GrpoStepResult second = step(1, first.carried);
  EXPECT_EQ(*second.metrics.get("actor/reward_kl_penalty_coeff"), first.carried.at("kl_coefficient"));
  EXPECT_NE(*second.metrics.get("actor/reward_kl_penalty"), 0);
}

TEST_F(PpoTest, TheCoefficientOfTheDivergenceOutlivesAStepWithoutCredit) {
  gae_.kl_coefficient = 0.1;
  loop_.reward.max_undecided_share = 1;
  const CarriedNumbers carried = {{"kl_coefficient", 0.03}};
  const auto result = ppo_step(
      {.loop = loop_, .gae = gae_, .critic = critic_config_},
      {.policy = policy_optimizer_, .critic = critic_config_.optimizer},
      {.problems = problems_, .seed = 1, .carried = carried},
      {.policy = policy_, .critic = critic_, .reference = &reference_},
      {.generate = [&](const auto&) { return play(0); }, .grade = [](auto&) { /* no reward is decided */ }});
  EXPECT_EQ(result.carried, carried);
  EXPECT_FALSE(result.metrics.get("actor/reward_kl_penalty").has_value());
}

// Undecided samples and those that have no loss teach neither model anything.
TEST_F(PpoTest, ASampleWithoutARewardHasNoCredit) {
  loop_.reward.max_undecided_share = 1;
  const auto result = ppo_step({.loop = loop_, .gae = gae_, .critic = critic_config_},
                               {.policy = policy_optimizer_, .critic = critic_config_.optimizer},
                               {.problems = problems_, .seed = 1}, {.policy = policy_, .critic = critic_},
                               {.generate = [&](const auto&) { return play(0); },
                                .grade =
                                    [&](auto& groups) {
                                      grade(0, groups);
                                      groups[0].samples[1].reward.reset();
                                    }});
  const auto& advantages = result.groups[0].samples[1].streams.advantages;
  EXPECT_TRUE(std::ranges::all_of(advantages, [](float a) { return a == 0; }));
  const auto& others = result.groups[0].samples[0].streams.advantages;
  EXPECT_TRUE(std::ranges::any_of(others, [](float a) { return a != 0; }));
}

}  // namespace
}  // namespace deepscaler
