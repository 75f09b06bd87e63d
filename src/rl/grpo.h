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
#include <vector>

#include "engine/engine.h"
#include "rl/grpo_config.h"
#include "rl/rollout/rollout.h"
#include "track/metrics.h"

namespace deepscaler {

// The models of a step.
struct GrpoModels {
  Engine& policy;
  Engine* reference = nullptr;  // null where the loss uses none
};

// Which problems a step draws: those of step `stage_step`, from 0, of a stage on `problems`.
struct GrpoDraw {
  const std::vector<Problem>& problems;
  uint64_t seed = 0;
  int64_t stage_step = 0;
};

// What a step asks for: answers to problems by the present policy, one group each (roll_out), and the rewards
// of answers (rl/reward/reward.h).
struct GrpoSources {
  std::function<std::vector<RolloutGroup>(const std::vector<const Problem*>& problems)> generate;
  std::function<void(std::vector<RolloutGroup>& groups)> grade;
};

// Everything that one step made, for records.
struct GrpoStepResult {
  std::vector<RolloutGroup> groups;
  Metrics metrics;
};

// One step: rollout, rewards, advantages, updates. It reserves problems for all rounds of dynamic sampling,
// needed or not. Throws Error when too many samples are undecided or a reward fails, before any update.
[[nodiscard]] GrpoStepResult grpo_step(const GrpoConfig& config, const OptimizerConfig& optimizer,
                                       const GrpoDraw& draw, const GrpoModels& models,
                                       const GrpoSources& sources);

}  // namespace deepscaler
