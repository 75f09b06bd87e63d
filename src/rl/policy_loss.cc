#include "rl/policy_loss.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace deepscaler {

std::vector<double> token_weights(std::span<const int64_t> lengths, LossAggregation aggregation,
                                  int64_t constant_length) {
  const auto responses = static_cast<double>(lengths.size());
  const auto tokens = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), int64_t{0}));
  std::vector<double> weights;
  for (int64_t length : lengths) {
    switch (aggregation) {
      case LossAggregation::kTokenMean:
        weights.push_back(1 / tokens);
        break;
      case LossAggregation::kSequenceMean:
        weights.push_back(1 / (responses * static_cast<double>(length)));
        break;
      case LossAggregation::kSequenceSum:
        weights.push_back(1 / responses);
        break;
      case LossAggregation::kSequenceSumNorm:
        weights.push_back(1 / (responses * static_cast<double>(constant_length)));
        break;
    }
  }
  return weights;
}

ClippedToken clipped_policy_loss(float log_prob, float old_log_prob, float advantage,
                                 const ClipBounds& bounds) {
  const float ratio = std::exp(log_prob - old_log_prob);
  const float clipped = std::clamp(ratio, 1 - bounds.low, 1 + bounds.high);
  const float loss = -advantage * ratio, clipped_loss = -advantage * clipped;
  // Where the clipped branch is the larger one, the loss is constant in the log-probability.
  if (clipped_loss > loss) return {clipped_loss, 0, ratio<clipped, ratio> clipped};
  return {loss, loss, false, false};
}

void PolicyLoss::evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                          std::span<TokenDerivative> derivatives) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const ResponseTarget& target = targets_[tokens[i].group][tokens[i].response];
    const float old_log_prob = target.old_log_probs[tokens[i].token];
    const ClippedToken token =
        clipped_policy_loss(scores[i].log_prob, old_log_prob, target.advantage, bounds_);
    derivatives[i].log_prob = static_cast<float>(target.weight * token.derivative);
    const double difference = std::abs(static_cast<double>(scores[i].log_prob) - old_log_prob);
    sums_.loss += target.weight * token.loss;
    sums_.entropy += scores[i].entropy;
    sums_.log_prob_difference += difference;
    sums_.max_log_prob_difference = std::max(sums_.max_log_prob_difference, difference);
    sums_.clipped_low += token.clipped_low;
    sums_.clipped_high += token.clipped_high;
    ++sums_.tokens;
  }
}

}  // namespace deepscaler
