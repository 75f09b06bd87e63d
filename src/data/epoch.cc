#include "data/epoch.h"

#include <numeric>

#include "base/rng.h"

namespace deepscaler {

std::vector<int64_t> shuffled_batch(int64_t size, int64_t count, int64_t step, uint64_t seed) {
  std::vector<int64_t> batch, order(static_cast<size_t>(size));
  int64_t shuffled_epoch = -1;
  for (int64_t i = step * count; i < (step + 1) * count; ++i) {
    const int64_t epoch = i / size;
    if (epoch != shuffled_epoch) {
      const Rng rng(seed, {hash_name("shuffle"), static_cast<uint64_t>(epoch)});
      std::iota(order.begin(), order.end(), 0);
      for (int64_t k = size - 1; k > 0; --k) std::swap(order[k], order[rng.below(k + 1, k)]);
      shuffled_epoch = epoch;
    }
    batch.push_back(order[i % size]);
  }
  return batch;
}

}  // namespace deepscaler
