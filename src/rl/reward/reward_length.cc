#include "rl/reward/reward_length.h"

#include <algorithm>

namespace deepscaler {

double overlong_penalty(int64_t tokens, bool truncated, int64_t max_tokens, int64_t buffer_tokens) {
  if (truncated) return -1;
  const auto over = static_cast<double>(max_tokens - buffer_tokens - tokens);
  return std::clamp(over / static_cast<double>(buffer_tokens), -1.0, 0.0);
}

std::vector<double> length_rewards(std::span<const RatedLength> group) {
  std::vector<double> rewards(group.size(), 0.0);
  if (group.empty()) return rewards;
  const auto [shortest, longest] = std::ranges::minmax(group, {}, &RatedLength::tokens);
  if (shortest.tokens == longest.tokens) return rewards;
  const auto range = static_cast<double>(longest.tokens - shortest.tokens);
  for (size_t i = 0; i < group.size(); ++i) {
    const double x = 0.5 - static_cast<double>(group[i].tokens - shortest.tokens) / range;
    rewards[i] = group[i].correct ? x : std::min(0.0, x);
  }
  return rewards;
}

}  // namespace deepscaler
