// The most likely tokens at a place, with their log-probabilities: what can be kept of a teacher's
// distribution in a file.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace deepscaler {

struct TopTokens {
  std::vector<int32_t> tokens;   // the most likely first; of equally likely ones the lower number
  std::vector<float> log_probs;  // by the softmax over the whole vocabulary
};

// The first `count` tokens by softmax(logits / temperature), or all where there are fewer.
[[nodiscard]] TopTokens top_tokens(std::span<const float> logits, float temperature, int64_t count);

}  // namespace deepscaler
