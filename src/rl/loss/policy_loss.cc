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

PolicyTerm sapo_loss(float log_ratio, float advantage, const SapoTemperatures& temperatures) {
  const float t = advantage > 0 ? temperatures.positive : temperatures.negative;
  const float ratio = std::exp(log_ratio);
  const float gate = 1 / (1 + std::exp(-t * (ratio - 1)));
  return {.loss = -advantage * 4 / t * gate, .derivative = -advantage * 4 * gate * (1 - gate) * ratio};
}

PolicyTerm kl_cov_loss(float log_ratio, float advantage, float kl_coefficient) {
  const float plain = -advantage * std::exp(log_ratio);
  const float sign = log_ratio > 0 ? 1.0f : log_ratio < 0 ? -1.0f : 0.0f;
  return {.loss = plain + kl_coefficient * std::abs(log_ratio), .derivative = plain + kl_coefficient * sign};
}

}  // namespace deepscaler
