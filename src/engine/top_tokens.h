// What a model finds likely at each token of given responses.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "train/top_tokens.h"

namespace deepscaler {

// By group, response and token.
using GroupTopTokens = std::vector<std::vector<std::vector<TopTokens>>>;

// The `count` most likely tokens at every response token, by softmax(logits / temperature). Takes memory for
// a forward pass beside the engine's.
[[nodiscard]] GroupTopTokens top_tokens(const Engine& engine, std::span<const TokenGroup> groups,
                                        float temperature, int64_t count);

}  // namespace deepscaler
