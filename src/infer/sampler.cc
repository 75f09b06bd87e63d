#include "infer/sampler.h"

#include "ops/lm_head.h"

namespace deepscaler {

SampledToken draw_token(std::span<const float> logits, float temperature, float uniform) {
  const float scale = temperature == 0 ? 1.0f : temperature;
  const int32_t token =
      temperature == 0 ? most_likely_token(logits) : sample_token(logits, temperature, uniform);
  return {token, softmax_normalizer(logits, scale).log_prob(logits[static_cast<size_t>(token)], scale)};
}

}  // namespace deepscaler
