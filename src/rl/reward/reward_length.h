// Rewards for the length of a response, in tokens. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace deepscaler {

// DAPO's soft overlong punishment (Yu et al., 2025, eq. 13): 0 up to `max_tokens - buffer_tokens`, then
// falling linearly to -1 at `max_tokens`; -1 for a response that was cut there.
[[nodiscard]] double overlong_penalty(int64_t tokens, bool truncated, int64_t max_tokens,
                                      int64_t buffer_tokens);

struct RatedLength {
  int64_t tokens = 0;
  bool correct = false;
};

// The length reward of Kimi k1.5 (Kimi Team, 2025, section 2.3.3) for each response of a group, with
// x = 0.5 - (tokens - shortest) / (longest - shortest): x where correct, min(0, x) where not; 0 where all
// are equally long. Short right answers gain, long wrong ones lose.
[[nodiscard]] std::vector<double> length_rewards(std::span<const RatedLength> group);

}  // namespace deepscaler
