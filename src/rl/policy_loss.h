// The clipped policy loss (Schulman et al., 2017, eq. 7) per token, and the ways to sum it up.
//
// With r = exp(log pi - log pi_old) and the advantage A of the token's response:
//   l = max(-A r, -A clip(r, 1 - low, 1 + high)),   L = sum over tokens of weight * l.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/token_loss.h"

namespace deepscaler {

// Which weight a token has in the loss. N responses, of which number i has T_i tokens.
enum class LossAggregation {
  kTokenMean,        // 1 / sum of T: every token counts the same (DAPO)
  kSequenceMean,     // 1 / (N T_i): every response counts the same (GRPO)
  kSequenceSum,      // 1 / N
  kSequenceSumNorm,  // 1 / (N * a constant length): Dr. GRPO
};

// The weight of a token of each response; `lengths` are those of all responses that count, also of
// those that cost no training pass because their advantage is zero.
[[nodiscard]] std::vector<double> token_weights(std::span<const int64_t> lengths, LossAggregation aggregation,
                                                int64_t constant_length);

struct ClipBounds {
  float low = 0.2f;   // the ratio is clipped below 1 - low
  float high = 0.2f;  // and above 1 + high
};

// The loss and its derivative with respect to the log-probability.
struct ClippedToken {
  float loss;
  float derivative;
  bool clipped_low;
  bool clipped_high;
};
[[nodiscard]] ClippedToken clipped_policy_loss(float log_prob, float old_log_prob, float advantage,
                                               const ClipBounds& bounds);

// One response as the loss sees it. A view: the log-probabilities live elsewhere.
struct ResponseTarget {
  std::span<const float> old_log_probs;  // recorded in sampling
  float advantage = 0;
  double weight = 0;  // of each of its tokens
};

// What a policy loss measures on the way, as sums over the tokens it saw.
struct PolicyLossSums {
  double loss = 0;  // weighted: the loss itself
  double entropy = 0;
  double log_prob_difference = 0;      // |log pi - log pi_old|
  double max_log_prob_difference = 0;  // the largest
  int64_t clipped_low = 0;
  int64_t clipped_high = 0;
  int64_t tokens = 0;
};

class PolicyLoss : public TokenLoss {
 public:
  // targets[group][response] as in the groups given to the training step.
  PolicyLoss(std::vector<std::vector<ResponseTarget>> targets, ClipBounds bounds)
      : targets_(std::move(targets)), bounds_(bounds) {}

  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                std::span<TokenDerivative> derivatives) override;

  [[nodiscard]] const PolicyLossSums& sums() const { return sums_; }

 private:
  std::vector<std::vector<ResponseTarget>> targets_;
  ClipBounds bounds_;
  PolicyLossSums sums_;
};

}  // namespace deepscaler
