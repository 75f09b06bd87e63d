// How optimizers cut flat arrays into tasks.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/integer.h"
#include "base/parallel.h"

namespace deepscaler {

// Numbers that a task works on. Sums are taken tile by tile, so the size must not depend on the number of
// threads.
inline constexpr int64_t kOptimizerTile = 1 << 16;

[[nodiscard]] constexpr int64_t tile_count(int64_t size) { return ceil_div(size, kOptimizerTile); }

// Calls body(tile, first, last) for the tiles of `size` numbers, in parallel.
template <class Body>
void for_each_tile(int64_t size, const Body& body) {
  parallel_for(tile_count(size),
               [&](int64_t i) { body(i, i * kOptimizerTile, std::min(size, (i + 1) * kOptimizerTile)); });
}

}  // namespace deepscaler
