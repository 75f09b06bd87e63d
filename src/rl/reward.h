// Rewards: what a response is worth. Each reward has a name and a weight; a sample's reward is the
// weighted sum of its parts.
//
// A reward that could not be decided is none, never a zero: its sample leaves the group's statistics. What
// fails (an external program, say) is an Error of the run.
#pragma once

#include <vector>

#include "rl/rollout.h"

namespace deepscaler {

// [stage.reward]
struct RewardConfig {
  double accuracy = 1;
  float max_undecided_share = 0.1f;  // of a step's samples; the run stops above it
};

void bind(ConfigSection& section, RewardConfig& config);

// Grades every response with the verifier and sets the samples' verdict, rewards and reward. Throws Error.
void grade_rollout(std::vector<RolloutGroup>& groups, const RewardConfig& config);

}  // namespace deepscaler
