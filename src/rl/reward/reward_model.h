// The reward `model`: what a reward model says of a prompt with its response, read at the response's last
// token (stages of kind reward-model make such models: engine/scorer.h). Scores are normalized by the mean
// and the spread of the model's training, so that a weight means the same for every model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/scorer.h"
#include "rl/rollout/rollout.h"

namespace deepscaler {

class ConfigSection;

// [[stage.reward.model]]
struct ModelRewardConfig {
  std::string name;   // of the reward, in metrics and rollouts
  std::string model;  // a path or "stage NAME"
  double weight = 1;
  bool normalize = true;
};

void bind(ConfigSection& section, ModelRewardConfig& config);

// A reward model that is in memory, and its scale; none: scores stay as they are.
struct RewardScorer {
  Engine& engine;
  std::optional<ScoreScale> scale;
};

// The rewards of all samples, group by group. A response without tokens, and a score that is not finite, are
// undecided. Then releases the model's workspace.
[[nodiscard]] std::vector<std::optional<double>> model_rewards(const RewardScorer& scorer,
                                                               std::vector<RolloutGroup>& groups);

}  // namespace deepscaler
