// Tokens whose update would take the most entropy away: the covariance of a token's log-probability with its
// advantage says by how much (Cui et al., 2025, "The Entropy Mechanism of Reinforcement Learning",
// arXiv:2505.22617, section 4).
//
//   covariance of token i = (A_i - mean A) (log pi_i - mean log pi),   means over the tokens of a rollout
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"

namespace deepscaler {

enum class CovarianceChoice {
  kNone,
  kLargest,              // the `share` of the tokens with the largest covariance: kl-cov
  kRandomBetweenBounds,  // as many, drawn from those between `low` and `high`: clip-cov
};

struct CovarianceConfig {
  double share = 2e-4;       // of the tokens, at least one
  double low = 1, high = 5;  // of clip-cov, both excluded
};

struct TokenCredit {
  float advantage = 0;
  float log_prob = 0;
};

// The numbers of the chosen tokens, ascending. Equal covariances are taken in order.
[[nodiscard]] std::vector<size_t> choose_by_covariance(std::span<const TokenCredit> tokens,
                                                       CovarianceChoice choice,
                                                       const CovarianceConfig& config, const Rng& rng);

}  // namespace deepscaler
