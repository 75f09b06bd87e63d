// Proximal policy optimization (Schulman et al., 2017, arXiv:1707.06347) of a language model, as verl has it:
// the loop of rl/grpo, in which a critic gives credit to each token (rl/loss/gae.h). A response's reward
// stands at its last token; a divergence from the reference may be taken off every token's reward.
//
// VAPO (Yue et al., 2025, arXiv:2504.05118) is other settings: lambdas of the policy and the critic apart,
// the policy's by the length of the response, pretraining of the critic, and a likelihood term on right
// answers.
#pragma once

#include "rl/critic.h"
#include "rl/grpo.h"

namespace deepscaler {

struct PpoConfig {
  const GrpoConfig& loop;  // the rollout, its rewards and the policy's loss
  const GaeConfig& gae;
  const CriticConfig& critic;
};

struct PpoModels {
  Engine& policy;
  Engine& critic;
  Engine* reference = nullptr;  // null where neither loss nor rewards use one
};

// With the learning rates of the step.
struct PpoOptimizers {
  const OptimizerConfig& policy;
  const OptimizerConfig& critic;
};

// One step: rollout, rewards, values, advantages, the policy's updates (none while the critic learns alone),
// then the critic's, over the same mini-batches and epochs. Throws as grpo_step() does.
[[nodiscard]] GrpoStepResult ppo_step(const PpoConfig& config, const PpoOptimizers& optimizers,
                                      const GrpoDraw& draw, const PpoModels& models,
                                      const GrpoSources& sources);

}  // namespace deepscaler
