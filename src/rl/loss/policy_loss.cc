#include "rl/loss/policy_loss.h"

#include <algorithm>
#include <cmath>

namespace deepscaler {

PolicyTerm clipped_policy_loss(float log_ratio, float advantage, const ClipBounds& bounds) {
  const float ratio = std::exp(log_ratio);
  const float clipped = std::clamp(ratio, 1 - bounds.low, 1 + bounds.high);
  const float loss = -advantage * ratio, clipped_loss = -advantage * clipped;
  // Where another branch than the plain ratio's decides, the loss is constant in the log-probability.
  if (clipped_loss > loss) {
    return {.loss = clipped_loss, .clipped_low = (ratio < clipped), .clipped_high = (ratio > clipped)};
  }
  if (bounds.dual && advantage < 0 && ratio > *bounds.dual) {
    return {.loss = -advantage * *bounds.dual, .clipped_dual = true};
  }
  return {.loss = loss, .derivative = loss};
}

PolicyTerm cispo_loss(float log_prob, float old_log_prob, float advantage, const ClipBounds& bounds) {
  const float ratio = std::exp(log_prob - old_log_prob);
  const float clipped = std::clamp(ratio, 1 - bounds.low, 1 + bounds.high);
  return {.loss = -clipped * advantage * log_prob,
          .derivative = -clipped * advantage,
          .clipped_low = (ratio < clipped),
          .clipped_high = (ratio > clipped)};
}

}  // namespace deepscaler
