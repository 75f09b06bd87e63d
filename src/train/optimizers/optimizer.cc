#include "train/optimizers/optimizer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "ops/rows/optimizer_kernel.h"
#include "train/optimizers/optimizer_tiles.h"

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

double checked_norm(const ParameterTable& table, std::span<const float> gradients) {
  const double norm = global_norm(gradients);
  if (!std::isfinite(norm)) require_finite(table, gradients);
  return norm;
}

float clip_factor(const OptimizerConfig& config, double norm) {
  return config.max_grad_norm > 0 ? static_cast<float>(std::min(1.0, config.max_grad_norm / (norm + 1e-6)))
                                  : 1.0f;
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
