// The settings of GRPO (rl/grpo.h): the rollout, its rewards, and the loss.
#pragma once

#include <cstdint>
#include <string>

#include "data/hint.h"
#include "rl/credit.h"
#include "rl/loss/grpo_loss.h"
#include "rl/reward/reward.h"
#include "rl/rollout/rollout.h"

namespace deepscaler {

class ConfigSection;

struct GrpoConfig {
  int64_t steps = 0;
  HintConfig prompt;
  RolloutConfig rollout;
  LossConfig loss;
  RewardConfig reward;
  TeacherConfig teacher;  // of a stage of kind "distill" alone
};

void bind(ConfigSection& section, GrpoConfig& config);

// Throws Error naming `where` ("recipe.toml: stage.1") for settings that are each valid but contradict each
// other.
void validate(const GrpoConfig& config, const std::string& where);

}  // namespace deepscaler
