// Fetching from memory ahead of use.
#pragma once

#include <cstdint>

namespace deepscaler {

// Asks for a cache line, for the second-level cache. The first level's would find room for a few tiles only,
// and waits for memory with few lines at a time: on Zen 4 attention then reads keys and values at half the
// rate, and products of up to eight rows their weights at five sixths.
[[gnu::always_inline]] inline void fetch(const float* line) { __builtin_prefetch(line, 0, 2); }

// Rows of a strip of columns lie too far apart for the hardware to foresee: so many ahead are worth fetching.
inline constexpr int64_t kRowsAhead = 8;

}  // namespace deepscaler
