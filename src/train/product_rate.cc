#include "train/product_rate.h"

#include <algorithm>
#include <chrono>

#include "model/linear.h"

namespace deepscaler {

double product_rate(const Model& model) {
  constexpr int64_t kRows = 512;
  constexpr double kSeconds = 0.05;
  const ModelConfig& c = model.config();
  Matrix x(kRows, c.hidden), y(kRows, c.feed_forward);
  std::fill_n(x.data(), x.size(), 0.01f);
  double shortest = kSeconds;
  for (double total = 0; total < kSeconds;) {
    const auto begin = std::chrono::steady_clock::now();
    linear(model, x.view(), {{model.table().layer(0).gate, y.view()}});
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - begin;
    shortest = std::min(shortest, duration.count());
    total += duration.count();
  }
  return 2.0 * kRows * static_cast<double>(c.hidden * c.feed_forward) / shortest;
}

}  // namespace deepscaler
