#include "train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "base/parallel.h"

namespace deepscaler {
namespace {

// Numbers a task works on; also the tile of a reduction, so it must not depend on threads.
constexpr int64_t kTile = 1 << 16;

template <class Body>
void for_each_tile(int64_t size, const Body& body) {
  parallel_for((size + kTile - 1) / kTile,
               [&](int64_t i) { body(i, i * kTile, std::min(size, (i + 1) * kTile)); });
}

}  // namespace

void bind(ConfigSection& section, OptimizerConfig& config) {
  section.field("lr", config.lr, "peak learning rate").range(0, 1);
  section.field("beta1", config.beta1, "decay of the first moment").range(0, 0.999999);
  section.field("beta2", config.beta2, "decay of the second moment").range(0, 0.999999);
  section.field("eps", config.eps, "added to the root of the second moment").above(0);
  section.field("weight_decay", config.weight_decay, "decoupled decay of matrices, times lr").range(0, 10);
  section.field("max_grad_norm", config.max_grad_norm, "global norm to clip to, 0 for none").at_least(0);
}

double global_norm(std::span<const float> gradients) {
  std::vector<double> sums((gradients.size() + kTile - 1) / kTile);
  for_each_tile(std::ssize(gradients), [&](int64_t tile, int64_t first, int64_t last) {
    // Eight sums side by side let the compiler use vectors without changing the order from run to run.
    double lanes[8] = {};
    for (int64_t i = first; i < last; ++i) {
      lanes[i % 8] += static_cast<double>(gradients[i]) * static_cast<double>(gradients[i]);
    }
    for (double lane : lanes) sums[static_cast<size_t>(tile)] += lane;
  });
  double total = 0;
  for (double sum : sums) total += sum;
  return std::sqrt(total);
}

void require_finite(const ParameterTable& table, std::span<const float> gradients) {
  for (const ParameterInfo& p : table.all()) {
    for (int64_t i = p.offset; i < p.offset + p.size; ++i) {
      if (!std::isfinite(gradients[static_cast<size_t>(i)])) {
        throw Error(p.name, "its gradient is not finite; the weights are left as they were",
                    "lower the learning rate or look at the step's data");
      }
    }
  }
}

AdamW::AdamW(const ParameterTable& table)
    : table_(table), first_moment_(table.size()), second_moment_(table.size()) {}

double AdamW::step(const OptimizerConfig& config, float lr, std::span<const float> gradients,
                   float* weights) {
  const double norm = global_norm(gradients);
  if (!std::isfinite(norm)) require_finite(table_, gradients);
  const float clip = config.max_grad_norm > 0
                         ? static_cast<float>(std::min(1.0, config.max_grad_norm / (norm + 1e-6)))
                         : 1.0f;
  ++steps_;
  const double correction1 = 1 - std::pow(static_cast<double>(config.beta1), steps_);
  const double correction2 = 1 - std::pow(static_cast<double>(config.beta2), steps_);
  const auto rate = static_cast<float>(lr / correction1);
  const auto root_scale = static_cast<float>(1 / std::sqrt(correction2));
  for (const ParameterInfo& p : table_.all()) {
    const float keep = 1 - lr * (p.is_matrix() ? config.weight_decay : 0);
    for_each_tile(p.size, [&](int64_t, int64_t first, int64_t last) {
      const float* gradient = gradients.data() + p.offset;
      float* m = first_moment_.data() + p.offset;
      float* v = second_moment_.data() + p.offset;
      float* w = weights + p.offset;
      for (int64_t i = first; i < last; ++i) {
        const float g = gradient[i] * clip;
        m[i] = config.beta1 * m[i] + (1 - config.beta1) * g;
        v[i] = config.beta2 * v[i] + (1 - config.beta2) * g * g;
        w[i] = w[i] * keep - rate * m[i] / (std::sqrt(v[i]) * root_scale + config.eps);
      }
    });
  }
  return norm;
}

}  // namespace deepscaler
