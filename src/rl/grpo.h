// Group Relative Policy Optimization (Shao et al., 2024, DeepSeekMath, eq. 3), as DeepScaleR used it:
//
//   J = E[ mean over tokens of min(r A, clip(r, 1 - low, 1 + high) A) ],   r = pi(token) / pi_old(token)
//
// with A, the advantage of a response, its reward relative to those of its group: no critic.
//
// The log-probabilities pi_old recorded while sampling are the bits that training computes for the same
// weights, so the first update of a rollout is exactly on-policy (r = 1) and nothing is recomputed.
#pragma once

#include <functional>

#include "rl/recipe.h"
#include "rl/rollout.h"
#include "track/metrics.h"
#include "train/step.h"

namespace deepscaler {

// What a stage works with; all of it is owned by the run.
struct GrpoWorkers {
  Model& model;
  Engine& engine;
  TrainStep& train_step;
  AdamW& optimizer;
  const PromptEncoder& encoder;
};

// Everything that one step made, for records.
struct GrpoStepResult {
  std::vector<RolloutGroup> groups;
  Metrics metrics;
  int64_t tokens_computed = 0;  // rows of the training passes
};

// One step: rollout, rewards, advantages, updates. `step` numbers the steps of the run and, with `seed`,
// names all random choices. Throws Error when too many samples are undecided, before any update.
[[nodiscard]] GrpoStepResult grpo_step(const GrpoConfig& config, const OptimizerConfig& optimizer,
                                       const std::vector<Problem>& problems, uint64_t seed, int64_t step,
                                       int64_t stage_step, GrpoWorkers& workers);

}  // namespace deepscaler
