// The order in which training goes through its data.
#pragma once

#include <cstdint>
#include <vector>

namespace deepscaler {

// The items of a step's batch: `count` numbers below `size`. Every epoch has an order of its own, which
// depends on (seed, epoch) alone. So a step's batch does not depend on how training got there.
[[nodiscard]] std::vector<int64_t> shuffled_batch(int64_t size, int64_t count, int64_t step, uint64_t seed);

}  // namespace deepscaler
