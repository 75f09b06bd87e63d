#include "train/top_tokens.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace deepscaler {

TopTokens top_tokens(std::span<const float> logits, float temperature, int64_t count) {
  TopTokens top;
  top.tokens.resize(logits.size());
  std::iota(top.tokens.begin(), top.tokens.end(), 0);
  const auto kept = std::min(count, std::ssize(logits));
  std::ranges::partial_sort(top.tokens, top.tokens.begin() + kept, [&](int32_t a, int32_t b) {
    const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  top.tokens.resize(static_cast<size_t>(kept));
  const double maximum = *std::ranges::max_element(logits), t = temperature;
  double sum = 0;
  for (const float x : logits) sum += std::exp((x - maximum) / t);
  for (const int32_t token : top.tokens) {
    const double x = logits[static_cast<size_t>(token)];
    top.log_probs.push_back(static_cast<float>((x - maximum) / t - std::log(sum)));
  }
  return top;
}

}  // namespace deepscaler
