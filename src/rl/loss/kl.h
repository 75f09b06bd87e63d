// Estimates of the divergence of the policy from a reference model, per token (J. Schulman,
// "Approximating KL divergence", 2020). With d = log pi - log pi_ref of a token that pi sampled:
//
//   k1 = d    k2 = d^2 / 2    k3 = exp(-d) + d - 1
//
// In a loss the derivative counts. The derivative of k1 is 1 for every d, and its expected gradient is zero.
// The derivatives of k2 and k3 pull towards the reference.
#pragma once

namespace deepscaler {

enum class KlEstimator { kK1, kK2, kK3 };

// An estimate and its derivative with respect to log pi.
struct KlTerm {
  float value = 0;
  float derivative = 0;
};

[[nodiscard]] KlTerm kl_term(KlEstimator estimator, float log_prob, float reference_log_prob);

// The estimate times the ratio pi / pi_old, which makes it unbiased once the policy has moved away from
// the one that sampled (DeepSeek-V3.2, section 3.1; TRL's use_bias_correction_kl).
[[nodiscard]] KlTerm times_ratio(const KlTerm& term, float log_ratio);

}  // namespace deepscaler
