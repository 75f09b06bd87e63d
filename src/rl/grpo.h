// Group Relative Policy Optimization (Shao et al., 2024, DeepSeekMath, eq. 3), as DeepScaleR used it:
//
//   J = E[ mean over tokens of min(r A, clip(r, 1 - low, 1 + high) A) ],   r = pi(token) / pi_old(token)
//
// A, the advantage of a response, is its reward relative to the rewards of its group; there is no critic.
// GRPO's relatives are other choices in advantage.h, policy_loss.h, aggregation.h and kl.h, and dynamic
// sampling (DAPO) in the first lines of the loop.
//
// The log-probabilities pi_old recorded while sampling are the bits that training computes for the same
// weights, so the first update of a rollout is exactly on-policy (r = 1) and nothing is recomputed.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
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
  Engine* teacher = nullptr;    // null where no teacher gives credit
};

// Numbers that a step hands on to the next one of its stage, by name.
using CarriedNumbers = std::map<std::string, double>;

// Which problems a step draws: the ones of step `stage_step`, counted from 0, of a stage on `problems`.
struct GrpoDraw {
  const std::vector<Problem>& problems;
  uint64_t seed = 0;
  int64_t stage_step = 0;
  CarriedNumbers carried = {};  // by the step before
};

// Another credit than that of the group: `assign` sets the advantages of all samples
// (TokenStreams::advantages). Empty: set_advantages() does (rl/credit.h).
struct CreditSource {
  bool needs_reference = false;  // the reference's log-probabilities, also where the loss uses none
  std::function<void(std::span<RolloutGroup* const> groups)> assign = {};
};

// What a step gets from outside: `generate` samples a group of answers to each problem by the present policy
// (roll_out), `grade` sets the rewards of answers (rl/reward/reward.h).
struct GrpoSources {
  std::function<std::vector<RolloutGroup>(const std::vector<const Problem*>& problems)> generate;
  std::function<void(std::vector<RolloutGroup>& groups)> grade;
  CreditSource credit = {};
};

// Everything that one step made, for records.
struct GrpoStepResult {
  std::vector<RolloutGroup> groups;
  Metrics metrics;
  CarriedNumbers carried;  // to the next step
};

// One step: rollout, rewards, advantages, updates. A step reserves problems for all rounds of dynamic
// sampling, whether it needs them or not. Throws Error, before any update, when too many samples are
// undecided or a reward fails.
[[nodiscard]] GrpoStepResult grpo_step(const GrpoConfig& config, const OptimizerConfig& optimizer,
                                       const GrpoDraw& draw, const GrpoModels& models,
                                       const GrpoSources& sources);

}  // namespace deepscaler
