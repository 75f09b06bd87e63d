// The next token from a row of logits.
#pragma once

#include <cstdint>
#include <span>

namespace deepscaler {

struct SampledToken {
  int32_t token;
  float log_prob;  // natural log of softmax(logits / temperature) at the token
};

// Draws from softmax(logits / temperature) with `uniform` in [0, 1). Temperature 0 takes the most
// likely token and reports its log-probability at temperature 1.
[[nodiscard]] SampledToken draw_token(std::span<const float> logits, float temperature, float uniform);

}  // namespace deepscaler
