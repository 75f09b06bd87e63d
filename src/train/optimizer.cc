#include "train/optimizer.h"

#include <cmath>
#include <vector>

#include "base/error.h"
#include "ops/rows/optimizer_kernel.h"
#include "train/optimizer_tiles.h"

namespace deepscaler {
double global_norm(std::span<const float> gradients) {
  std::vector<double> sums(tile_count(std::ssize(gradients)));
  for_each_tile(std::ssize(gradients), [&](int64_t tile, int64_t first, int64_t last) {
    sums[static_cast<size_t>(tile)] =
        optimizer_kernels().sum_of_squares(gradients.data() + first, last - first);
  });
  double total = 0;
  for (double sum : sums) total += sum;
  return std::sqrt(total);
}

void require_finite(const ParameterTable& table, std::span<const float> gradients) {
  for (const ParameterInfo& p : table.trainable()) {
    for (int64_t i = p.offset; i < p.offset + p.size; ++i) {
      if (!std::isfinite(gradients[static_cast<size_t>(i)])) {
        throw Error(p.name, "its gradient is not finite; the weights are left as they were",
                    "lower the learning rate or look at the step's data");
      }
    }
  }
}

}  // namespace deepscaler
