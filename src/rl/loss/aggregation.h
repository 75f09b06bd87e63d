// How the losses of tokens add up to one number: each token has a weight, and the loss is the weighted sum.
#pragma once

#include <cstdint>
#include <span>

namespace deepscaler {

// The weight of a token. N responses count; response i has T_i tokens with a loss.
enum class LossAggregation {
  kTokenMean,        // 1 / sum of T: every token counts the same (DAPO, Yu et al., 2025, eq. 8)
  kSequenceMean,     // 1 / (N T_i): every response counts the same (GRPO, Shao et al., 2024, eq. 3)
  kSequenceSum,      // 1 / N
  kSequenceSumNorm,  // 1 / (N * a constant length): Dr. GRPO (Liu et al., 2025)
};

// Over what the denominators are counted. kRollout gives a token the same weight in every mini-batch of a
// rollout; kMiniBatch makes each mini-batch an average of its own.
enum class Denominator { kMiniBatch, kRollout };

// N and the sum of T: of a mini-batch, or of the average mini-batch of a rollout.
struct Denominators {
  double responses = 0;
  double tokens = 0;

  [[nodiscard]] Denominators divided_by(int64_t parts) const;
};

// `lengths`: the number of tokens with a loss of every response. A masked response has 0. A response that
// costs no training pass, because its advantage is zero, has all of its tokens.
[[nodiscard]] Denominators count_denominators(std::span<const int64_t> lengths);

// The weight of each token of a response with `length` tokens that have a loss; 0 where `length` is 0.
[[nodiscard]] double token_weight(LossAggregation aggregation, int64_t length,
                                  const Denominators& denominators, int64_t constant_length);

}  // namespace deepscaler
