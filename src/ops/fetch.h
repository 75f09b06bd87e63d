// Fetching from memory ahead of use.
#pragma once

#include <cstdint>

namespace deepscaler {

// Fetches a cache line into the second-level cache. Fetching into the first level is slower: it has room for
// a few tiles only and waits for few lines at a time.
[[gnu::always_inline]] inline void fetch(const float* line) { __builtin_prefetch(line, 0, 2); }

// How many rows ahead to fetch in a strip of columns, whose rows lie too far apart for the hardware's
// prefetcher.
inline constexpr int64_t kRowsAhead = 8;

}  // namespace deepscaler
