// The order in which training goes through its data.
#pragma once

#include <cstdint>
#include <vector>

namespace deepscaler {

// Which of `size` items make up a step's batch: `count` numbers below `size`, every epoch in an order of
// its own, from (seed, epoch) alone; so a step's batch is the same however training got there.
[[nodiscard]] std::vector<int64_t> shuffled_batch(int64_t size, int64_t count, int64_t step, uint64_t seed);

}  // namespace deepscaler
