// Policy losses of one token, as pure functions. With x = log pi - log pi_old, r = exp(x) and A the
// advantage of the token's response:
//
//   clip   max(-A r, -A clip(r, 1 - low, 1 + high))     (PPO, Schulman et al., 2017, eq. 7); with a dual
//          bound c and A < 0: min(that, -c A)           (Ye et al., 2020, eq. 3)
//   gspo   clip with the ratio of the response, x = mean over its tokens (Zheng et al., 2025, eq. 7)
//   cispo  -sg[clip(r, 1 - low, 1 + high)] A log pi     (MiniMax-M1, 2025, eq. 4), sg: no gradient
//   sapo   -A (4 / t) sigmoid(t (r - 1)), t by the sign of A          (Gao et al., 2025, arXiv:2511.20347)
//   clip-cov  clip, but nothing for some tokens of high covariance    (Cui et al., 2025, arXiv:2505.22617)
//   kl-cov    -A r, and + c |x| for the tokens of the highest covariance    (the same)
#pragma once

#include <optional>

namespace deepscaler {

struct ClipBounds {
  float low = 0.2f;           // the ratio is clipped below 1 - low
  float high = 0.2f;          // and above 1 + high
  std::optional<float> dual;  // the most that a ratio counts where the advantage is negative
};

// The loss, its derivative with respect to log pi, and which bound made the derivative zero. In cispo: which
// bound clipped the ratio.
struct PolicyTerm {
  float loss = 0;
  float derivative = 0;
  bool clipped_low = false;
  bool clipped_high = false;
  bool clipped_dual = false;
};

// The steepness t of sapo's gate, for A > 0 and for the others.
struct SapoTemperatures {
  float positive = 1.0f;
  float negative = 1.05f;
};

// What a policy loss knows of a token.
struct PolicyInput {
  float log_prob = 0;
  float old_log_prob = 0;
  float response_log_ratio =
      0;  // mean of log pi - log pi_old over the response's tokens; for losses that need it
  float advantage = 0;
  const ClipBounds& bounds;
  SapoTemperatures sapo = {};
  bool high_covariance = false;  // chosen by covariance (rl/loss/covariance.h); for losses that ask for it
  float kl_cov_coefficient = 1;  // c
};

// `log_ratio` is x. For gspo the derivative is with respect to the response's mean of log pi.
[[nodiscard]] PolicyTerm clipped_policy_loss(float log_ratio, float advantage, const ClipBounds& bounds);

[[nodiscard]] PolicyTerm cispo_loss(float log_prob, float old_log_prob, float advantage,
                                    const ClipBounds& bounds);

[[nodiscard]] PolicyTerm sapo_loss(float log_ratio, float advantage, const SapoTemperatures& temperatures);

// `kl_coefficient` is c for a token that is held back, and 0 for others.
[[nodiscard]] PolicyTerm kl_cov_loss(float log_ratio, float advantage, float kl_coefficient);

}  // namespace deepscaler
