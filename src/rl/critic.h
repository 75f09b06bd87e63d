// PPO's critic: a scorer (engine/scorer.h) that learns the return that follows each token of a response.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "rl/loss/gae.h"
#include "rl/rollout/rollout.h"
#include "train/head.h"
#include "train/optimizers.h"

namespace deepscaler {

class ConfigSection;

// [stage.critic]
struct CriticConfig {
  std::string model = "start";  // "start", "stage NAME" or a path: what it begins with
  double value_clip = 0.5;      // 0: none
  // Of the stage's first steps, in which the policy stays as it is: first those in which the critic's targets
  // are whole returns (VAPO's value pretraining), then those with the targets of all later steps.
  int64_t pretraining_steps = 0;
  int64_t warmup_steps = 0;
  OptimizerConfig optimizer = {.lr = 1e-5f};

  [[nodiscard]] int64_t steps_alone() const { return pretraining_steps + warmup_steps; }
};

void bind(ConfigSection& section, CriticConfig& config);

// A response as the critic learns it; views, of one length. No targets: it has no loss.
struct CriticTarget {
  std::span<const float> old_values;  // when the rollout was made
  std::span<const float> returns;
};

// Sums over the tokens that the critic's loss saw.
struct CriticSums {
  double loss = 0;
  int64_t clipped = 0;
  int64_t tokens = 0;

  void add(const CriticSums& other);
};

// The mean over all tokens of value_term() (rl/loss/gae.h).
class CriticLoss : public ValueLoss {
 public:
  // targets[group][response] as in the groups given to the training step. `clip` as in CriticConfig.
  CriticLoss(double clip, std::vector<std::vector<CriticTarget>> targets);

  void evaluate(std::span<const PredictedToken> tokens, std::span<const float> values,
                std::span<float> derivatives) override;

  [[nodiscard]] std::string take_measures() override { return take_sums(sums_); }
  void add_measures(std::string_view bytes) override { add_sums(sums_, bytes); }

  [[nodiscard]] const CriticSums& sums() const { return sums_; }

 private:
  std::optional<double> clip_;
  std::vector<std::vector<CriticTarget>> targets_;
  double tokens_ = 0;
  CriticSums sums_;
};

// Sets TokenStreams::values of all samples. Then releases the critic's workspace.
void score_values(Engine& critic, std::span<RolloutGroup* const> groups);

}  // namespace deepscaler
