// Parity of the whole step with TRL's GRPOTrainer: given the same answers and rewards, losses, gradient
// norms, the first gradient and the weights after three steps. Goldens: tests/goldens/make_trl_goldens.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/safetensors.h"
#include "rl/grpo.h"
#include "train/parity_test.h"

namespace deepscaler {
namespace {

using nlohmann::json;

const std::filesystem::path kFolder = std::filesystem::path(DEEPSCALER_GOLDENS) / "trl";
constexpr int64_t kSteps = 3, kProblems = 4, kSamples = 4, kPromptStride = 12, kResponseStride = 20;

const json& goldens() {
  static const json parsed = json::parse(read_file(kFolder / "cases.json"));
  return parsed;
}

std::vector<int32_t> integers_of(const SafetensorsFile& file, const std::string& name) {
  const auto values = golden_floats(file, name);  // small enough to be exact
  return {values.begin(), values.end()};
}

// Plays the recorded rollouts to the step: its generation and its rewards.
class RecordedRollouts {
 public:
  RecordedRollouts() : file_(kFolder / "rollouts.safetensors") {
    for (int64_t i = 0; i < kSteps * kProblems; ++i) problems_.push_back({.id = std::to_string(i)});
  }
  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }

  // The groups of a step, with the log-probabilities that sampling would have recorded.
  [[nodiscard]] std::vector<RolloutGroup> generate(int64_t step, Engine& policy, float temperature) const {
    const auto prompts = integers_of(file_, "prompts");
    const auto prompt_lengths = integers_of(file_, "prompt_lengths");
    const auto responses = integers_of(file_, "responses");
    const auto response_lengths = integers_of(file_, "response_lengths");
    std::vector<RolloutGroup> groups(kProblems);
    std::vector<TokenGroup> tokens;
    for (int64_t p = 0; p < kProblems; ++p) {
      const int64_t at = step * kProblems + p;
      const auto prompt = prompts.begin() + at * kPromptStride;
      groups[p] = {&problems_[at], {{prompt, prompt + prompt_lengths[at]}}, {}};
      groups[p].samples.resize(kSamples);
      tokens.push_back({groups[p].prompt.tokens, {}});
      for (int64_t s = 0; s < kSamples; ++s) {
        const auto response = responses.begin() + (at * kSamples + s) * kResponseStride;
        Generation& generation = groups[p].samples[s].generation;
        generation.tokens = {response, response + response_lengths[at * kSamples + s]};
        tokens.back().responses.emplace_back(generation.tokens);
      }
    }
    const GroupScores scores = policy.score(tokens, temperature);
    for (int64_t p = 0; p < kProblems; ++p) {
      for (int64_t s = 0; s < kSamples; ++s) {
        for (const TokenScore& score : scores[p][s]) {
          groups[p].samples[s].generation.log_probs.push_back(score.log_prob);
        }
      }
    }
    return groups;
  }

  void grade(std::vector<RolloutGroup>& groups) const {
    const auto rewards = golden_floats(file_, "rewards");
    for (RolloutGroup& group : groups) {
      const auto at = group.problem - problems_.data();
      for (int64_t s = 0; s < kSamples; ++s) group.samples[s].reward = rewards[at * kSamples + s];
    }
  }

 private:
  SafetensorsFile file_;
  std::vector<Problem> problems_;
};

// The recipe's settings that say what a case of TRL does.
GrpoConfig config_of(const json& c) {
  const std::string loss_type = c["loss_type"], updates = c["updates"];
  const json& settings = goldens()["settings"];
  GrpoConfig config;
  config.rollout.problems_per_step = kProblems;
  config.rollout.samples_per_problem = kSamples;
  config.rollout.sampling.max_response_tokens = settings["max_completion_length"];
  config.rollout.sampling.temperature = settings["temperature"];
  LossConfig& loss = config.loss;
  loss.mini_batches = updates == "mini_batches" ? 2 : 1;
  loss.epochs = updates == "inner_epochs" ? 2 : 1;
  loss.advantage = loss_type == "dr_grpo" ? AdvantageKind::kGroupMean : AdvantageKind::kGroupStd;
  loss.advantage_eps = 1e-4;
  loss.clip = {.low = settings["epsilon"], .high = settings["epsilon_high"]};
  loss.aggregation = loss_type == "grpo"      ? LossAggregation::kSequenceMean
                     : loss_type == "dr_grpo" ? LossAggregation::kSequenceSumNorm
                                              : LossAggregation::kTokenMean;
  loss.denominator = Denominator::kRollout;
  loss.kl_coefficient = c["beta"];
  loss.kl_times_ratio = c["kl_times_ratio"];
  return config;
}

OptimizerConfig optimizer_settings() {
  const json& settings = goldens()["settings"];
  OptimizerConfig config;
  config.lr = settings["learning_rate"];
  config.beta1 = settings["adam_beta1"];
  config.beta2 = settings["adam_beta2"];
  config.eps = settings["adam_epsilon"];
  config.weight_decay = settings["weight_decay"];
  config.max_grad_norm = settings["max_grad_norm"];
  return config;
}

class TrlParityTest : public testing::TestWithParam<size_t> {
 protected:
  GrpoStepResult step(int64_t number, const OptimizerConfig& optimizer,
                      const std::function<std::vector<RolloutGroup>()>& play) {
    return grpo_step(config_, optimizer, {.problems = rollouts_.problems(), .seed = 1, .stage_step = number},
                     {.policy = policy_, .reference = config_.loss.uses_reference() ? &reference_ : nullptr},
                     {.generate = [&](const auto&) { return play(); },
                      .grade = [this](auto& groups) { rollouts_.grade(groups); }});
  }
  [[nodiscard]] std::vector<RolloutGroup> rollout(int64_t number) {
    return rollouts_.generate(number, policy_, config_.rollout.sampling.temperature);
  }

  const json& case_ = goldens()["cases"][GetParam()];
  const std::string name_ = case_["name"];
  const GrpoConfig config_ = config_of(case_);
  const SafetensorsFile expected_{kFolder / "cases.safetensors"};
  const RecordedRollouts rollouts_;
  Engine policy_{Model::load(kFolder), {}}, reference_{Model::load(kFolder), {}};
};

TEST_P(TrlParityTest, ThreeSteps) {
  int64_t number = 0;
  const auto losses = case_["losses"].get<std::vector<double>>();
  const auto norms = case_["gradient_norms"].get<std::vector<double>>();
  const size_t updates = losses.size() / kSteps;
  for (; number < kSteps; ++number) {
    const auto result = step(number, optimizer_settings(), [&] { return rollout(number); });
    double loss = 0, norm = 0;
    for (size_t i = 0; i < updates; ++i) {
      loss += losses[number * updates + i] / static_cast<double>(updates);
      norm += norms[number * updates + i] / static_cast<double>(updates);
    }
    // A loss that cancels to nearly zero is compared with the size of its terms.
    EXPECT_NEAR(*result.metrics.get("loss"), loss, 1e-4 * std::max(std::abs(loss), 0.1)) << "step " << number;
    EXPECT_NEAR(*result.metrics.get("grad_norm"), norm, 1e-4 * norm) << "step " << number;
    EXPECT_EQ(*result.metrics.get("sampling/sampling_logp_difference/max"), 0);
  }
  for (const ParameterInfo& info : policy_.model().table().all()) {
    const auto expected = golden_floats(expected_, name_ + "/after." + info.name);
    EXPECT_LT(relative_error(rows_of(info, policy_.model().weights()), expected), 1e-4) << info.name;
  }
}

// The gradient that a step leaves behind is its last update's. So the answers are played in an order in
// which the mini-batch that was TRL's first comes last, and the weights stay as they are until then.
TEST_P(TrlParityTest, TheFirstGradient) {
  const bool in_goldens = expected_.tensors().find(name_ + "/gradient.model.norm.weight") != nullptr;
  const std::string name = in_goldens ? name_ : name_.substr(0, name_.rfind('.')) + ".one";
  OptimizerConfig still = optimizer_settings();
  still.lr = 0;
  (void)step(0, still, [&] {
    auto groups = rollout(0);
    if (config_.loss.mini_batches == 2) std::ranges::rotate(groups, groups.begin() + kProblems / 2);
    return groups;
  });
  for (const ParameterInfo& info : policy_.model().table().all()) {
    const auto expected = golden_floats(expected_, name + "/gradient." + info.name);
    EXPECT_LT(relative_error(rows_of(info, policy_.gradients().data()), expected), 1e-4) << info.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, TrlParityTest, testing::Range<size_t>(0, goldens()["cases"].size()),
                         [](const auto& info) {
                           std::string name = goldens()["cases"][info.param]["name"];
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace deepscaler
