// From the rewards of a rollout to credit per token: the advantages, and which tokens the policy loss treats
// in a way of their own.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/rng.h"
#include "engine/engine.h"
#include "rl/loss/grpo_loss.h"
#include "rl/rollout/rollout.h"

namespace deepscaler {

class ConfigSection;

// [stage.teacher] of a distillation: the model, and how its opinion becomes credit.
struct TeacherConfig {
  std::string model;  // a path or "stage NAME"; empty: no teacher
  float coefficient = 1;
  float discount = 0;
};

void bind(ConfigSection& section, TeacherConfig& config);

// Tokens of the sample that have a loss: all, or none of a truncated one under mask_truncated.
[[nodiscard]] int64_t tokens_with_loss(const RolloutSample& sample, const LossConfig& config);

// Sets TokenStreams::advantages: a response's advantage, times its group's weight, for each of its tokens.
void set_advantages(std::span<RolloutGroup* const> groups, const LossConfig& config);

// Adds a teacher's credit to the advantages of each sample: for token t
//
//   coefficient * sum over k >= t of discount^(k - t) (log teacher_k - log pi_k)
//
// log pi as recorded in sampling (On-Policy Distillation: Lu et al., Thinking Machines, 2025). At discount 0
// the policy gradient descends, in expectation, each token's reverse divergence KL(pi || teacher).
void add_teacher_credit(std::span<RolloutGroup* const> groups, const TeacherConfig& config);

// Under top_entropy_share, makes the advantages of all but the most uncertain tokens zero. The entropies are
// those of the policy that sampled, from a forward pass of their own; `policy` is that policy still.
void keep_uncertain_tokens(Engine& policy, std::span<RolloutGroup* const> groups, const LossConfig& config,
                           float temperature);

// Sets TokenStreams::high_covariance where the policy loss asks for it, by the log-probabilities recorded in
// sampling. `rng` is the step's.
void mark_high_covariance(std::span<RolloutGroup* const> groups, const LossConfig& config, const Rng& rng);

}  // namespace deepscaler
