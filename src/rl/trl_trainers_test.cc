// Parity with TRL's DPOTrainer and GKDTrainer: losses, gradient norms and how far three steps move each
// tensor. Goldens: tests/goldens/make_trl_trainer_goldens.py.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "engine/engine.h"
#include "train/divergence.h"
#include "train/preference_loss.h"
#include "train/sft.h"

namespace deepscaler {
namespace {

using nlohmann::json;

const std::filesystem::path kFolder = DEEPSCALER_GOLDENS;

const json& goldens() {
  static const json parsed = json::parse(read_file(kFolder / "trl_trainers.json"));
  return parsed;
}

Model start() { return Model::load(kFolder / "trl"); }

OptimizerConfig optimizer_settings() {
  const json& settings = goldens()["settings"];
  OptimizerConfig config;
  config.beta1 = settings["adam_beta1"];
  config.beta2 = settings["adam_beta2"];
  config.eps = settings["adam_epsilon"];
  config.weight_decay = settings["weight_decay"];
  config.max_grad_norm = settings["max_grad_norm"];
  return config;
}

Demonstration demonstration(const json& prompt, const json& completion) {
  Demonstration d;
  prompt.get_to(d.tokens);
  d.in_loss.assign(d.tokens.size(), 0);
  for (const json& token : completion) d.tokens.push_back(token);
  d.in_loss.resize(d.tokens.size(), 1);
  return d;
}

void expect_moved(const Model& policy, const json& expected) {
  const Model before = start();
  for (const ParameterInfo& info : policy.table().all()) {
    double squares = 0;
    for (int64_t i = info.offset; i < info.offset + info.size; ++i) {
      const double change = static_cast<double>(policy.weights()[i]) - before.weights()[i];
      squares += change * change;
    }
    const double norm = expected[info.name];
    EXPECT_NEAR(std::sqrt(squares), norm, 1e-3 * norm) << info.name;
  }
}

void expect_near(double value, const json& expected) {
  EXPECT_NEAR(value, expected.get<double>(), 1e-4 * std::abs(expected.get<double>()));
}

TEST(TrlTrainers, ThreeStepsOfDpoAreThoseOfItsTrainer) {
  std::vector<PreferencePair> pairs;
  for (const json& pair : goldens()["dpo"]["pairs"]) {
    pairs.push_back({.chosen = demonstration(pair["prompt"], pair["chosen"]),
                     .rejected = demonstration(pair["prompt"], pair["rejected"])});
  }
  std::vector<const PreferencePair*> batch;
  std::vector<TokenGroup> groups;
  for (const PreferencePair& pair : pairs) {
    batch.push_back(&pair);
    groups.push_back(token_group(pair));
  }
  for (const json& golden : goldens()["dpo"]["cases"]) {
    PreferenceConfig config = {.beta = golden["beta"]};
    config.per_token = golden["loss"] == "ipo";
    if (config.per_token) config.loss = PreferenceLoss::kIpo;
    Engine policy(start(), {});
    const GroupScores reference = policy.score(groups, 1);
    for (size_t step = 0; step < golden["losses"].size(); ++step) {
      PreferenceBatch result = preference_batch(config, batch, policy.score(groups, 1), reference);
      double loss = 0, chosen = 0, rejected = 0;
      for (const PreferenceTerm& term : result.terms) {
        loss += term.loss / std::size(pairs);
        chosen += term.reward_chosen / std::size(pairs);
        rejected += term.reward_rejected / std::size(pairs);
      }
      expect_near(loss, golden["losses"][step]);
      if (!config.per_token) {  // else theirs are of sums
        EXPECT_NEAR(chosen, golden["rewards_chosen"][step].get<double>(), 5e-5);
        EXPECT_NEAR(rejected, golden["rewards_rejected"][step].get<double>(), 5e-5);
      }
      LinearLoss linear(std::move(result.derivatives));
      LmHead head(linear, 1);
      policy.accumulate(groups, head);
      expect_near(policy.update(optimizer_settings(), goldens()["settings"]["learning_rate"]),
                  golden["gradient_norms"][step]);
    }
    expect_moved(policy.model(), golden["moved"]);
  }
}

TEST(TrlTrainers, ThreeStepsOfGkdAreThoseOfItsTrainer) {
  std::vector<Demonstration> examples;
  int64_t learned = 0;
  for (const json& example : goldens()["gkd"]["completions"]) {
    examples.push_back(demonstration(example["prompt"], example["completion"]));
    learned += examples.back().learned();
  }
  std::vector<TokenGroup> groups;
  for (const Demonstration& example : examples) groups.push_back(token_group(example));
  Model teacher = start();
  {
    const WeightEdit weights = teacher.edit_weights();
    for (int64_t i = 0; i < teacher.table().size(); ++i) weights[i] *= 1.25f;
  }
  for (const json& golden : goldens()["gkd"]["cases"]) {
    const double beta = golden["beta"];
    DivergenceConfig config = {.jsd_beta = beta};
    if (beta == 0) config.kind = DivergenceKind::kForward;
    if (beta == 1) config.kind = DivergenceKind::kReverse;
    Engine policy(start(), {});
    for (size_t step = 0; step < golden["losses"].size(); ++step) {
      TeacherDivergence loss(config, teacher, teacher.config().vocabulary, learned);
      LogitsHead head(loss);
      policy.accumulate(groups, head);
      expect_near(loss.divergence(), golden["losses"][step]);
      expect_near(policy.update(optimizer_settings(), goldens()["settings"]["learning_rate"]),
                  golden["gradient_norms"][step]);
    }
    expect_moved(policy.model(), golden["moved"]);
  }
}

}  // namespace
}  // namespace deepscaler
