// Generalized advantage estimation (Schulman et al., 2016, arXiv:1506.02438, eq. 11-16) and the losses and
// controls of PPO's critic, as pure functions. With V_t the value of the state before token t, V after the
// last token 0, and r_t the token's reward:
//
//   delta_t = r_t + gamma V_{t+1} - V_t       A_t = delta_t + gamma lambda A_{t+1}       G_t = A_t + V_t
//
// A token with mask 0 is not the policy's own. V_{t+1} and A_{t+1} are carried over it unchanged, as in verl.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rl/loss/kl.h"

namespace deepscaler {

class ConfigSection;

// [stage.gae]
struct GaeConfig {
  double gamma = 1;
  double lambda = 1;
  std::optional<double> critic_lambda;  // of the critic's targets; not set: lambda
  // VAPO (Yue et al., 2025, arXiv:2504.05118, eq. 8): the policy's lambda of a response of l tokens is
  // 1 - 1 / max(1, alpha l). Not set: lambda for all.
  std::optional<double> length_alpha;
  bool whiten = true;
  double kl_coefficient = 0;  // of the divergence from the reference in the rewards of tokens
  KlEstimator kl = KlEstimator::kK1;
  std::optional<double> kl_target;  // the divergence that the coefficient is adapted to
  double kl_horizon = 10000;        // responses
};

void bind(ConfigSection& section, GaeConfig& config);

// The policy's lambda of a response of that many tokens, and the critic's.
[[nodiscard]] double policy_lambda(const GaeConfig& config, int64_t tokens);
[[nodiscard]] double critic_lambda(const GaeConfig& config);

// A response. All spans are as long; an empty mask is all ones.
struct GaeInput {
  std::span<const double> rewards;
  std::span<const float> values;
  std::span<const uint8_t> mask = {};
};

// A_t of each token; 0 where the mask is.
[[nodiscard]] std::vector<double> gae(const GaeInput& input, double gamma, double lambda);

// Makes the numbers of a batch (x - mean) / sqrt(var + 1e-8), with the unbiased variance over all of them. A
// batch of fewer than two stays as it is.
void whiten(std::span<const std::span<double>> batch);

// 1/2 max((v - G)^2, (clip(v, V_old - c, V_old + c) - G)^2) and its derivative with respect to v; without a
// clip 1/2 (v - G)^2. `clipped`: the clipped branch is the greater one, which has no gradient.
struct ValueTerm {
  double loss = 0;
  double derivative = 0;
  bool clipped = false;
};
[[nodiscard]] ValueTerm value_term(double value, double old_value, double target, std::optional<double> clip);

// The next coefficient (Ziegler et al., 2019, section 2.2): times 1 + clip(kl / target - 1, -0.2, 0.2) n /
// horizon, after n responses of mean divergence kl.
[[nodiscard]] double adapted_kl_coefficient(const GaeConfig& config, double coefficient, double kl,
                                            int64_t responses);

}  // namespace deepscaler
