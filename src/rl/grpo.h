// Group Relative Policy Optimization (Shao et al., 2024, DeepSeekMath, eq. 3), as DeepScaleR used it:
//
//   J = E[ mean over tokens of min(r A, clip(r, 1 - low, 1 + high) A) ],   r = pi(token) / pi_old(token)
//
// with A, the advantage of a response, its reward relative to those of its group: no critic. Its
// relatives are other choices at the same places: advantage.h, policy_loss.h, aggregation.h, kl.h, and
// dynamic sampling (DAPO) in the first lines of the loop.
//
// The log-probabilities pi_old recorded while sampling are the bits that training computes for the same
// weights, so the first update of a rollout is exactly on-policy (r = 1) and nothing is recomputed.
#pragma once

#include <functional>

#include "rl/grpo_config.h"
#include "rl/reference_model.h"
#include "rl/rollout/rollout.h"
#include "track/metrics.h"
#include "train/optimizer.h"
#include "train/step.h"

namespace deepscaler {

// What a stage works with; all of it is owned by the run.
struct GrpoWorkers {
  Model& model;
  TrainStep& train_step;
  const StepOptions& step_options;  // those of train_step
  AdamW& optimizer;
  ReferenceModel* reference;  // null where the loss uses none
  // Answers problems by the present policy, one group each (roll_out), and gives the answers their
  // rewards (reward.h).
  std::function<std::vector<RolloutGroup>(const std::vector<const Problem*>& problems)> generate;
  std::function<void(std::vector<RolloutGroup>& groups)> grade;
};

// Everything that one step made, for records.
struct GrpoStepResult {
  std::vector<RolloutGroup> groups;
  Metrics metrics;
};

// One step: rollout, rewards, advantages, updates. `seed` and `stage_step`, from 0, say which problems it
// draws; a step reserves problems for all rounds of dynamic sampling, needed or not. Throws Error when too
// many samples are undecided or a reward fails, before any update.
[[nodiscard]] GrpoStepResult grpo_step(const GrpoConfig& config, const OptimizerConfig& optimizer,
                                       const std::vector<Problem>& problems, uint64_t seed,
                                       int64_t stage_step, GrpoWorkers& workers);

}  // namespace deepscaler
