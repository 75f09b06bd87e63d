// The next token from a row of logits. V vocabulary.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "infer/sampling.h"

namespace deepscaler {

struct SampledToken {
  int32_t token;
  float log_prob;  // see infer/sampling.h; NaN where some logit is not finite
};

// What a token is drawn after, for the penalties, and from which ones.
struct SampledContext {
  std::span<const int32_t> prompt;
  std::span<const int32_t> response;
  std::optional<std::span<const int32_t>> allowed = {};  // in rising order, at least one; not set: all
};

// Draws a token after `logits` [V] with `uniform` in [0, 1): the first, in order of token numbers, where
// the cumulative distribution of the tokens that are left passes it. A pure function, thread-safe.
[[nodiscard]] SampledToken draw_token(std::span<const float> logits, const GenerationOptions& options,
                                      const SampledContext& context, float uniform);

struct TokenLogProb {
  int32_t token;
  float log_prob;
};

// The log-probability of `token` after `logits` [V], and of the `count` most likely tokens, in falling order,
// of equal ones the lower number first: those of draw_token(), at the same temperature.
struct TokenRanking {
  float log_prob;
  std::vector<TokenLogProb> top;
};
[[nodiscard]] TokenRanking rank_token(std::span<const float> logits, int32_t token, int64_t count,
                                      float temperature);

}  // namespace deepscaler
