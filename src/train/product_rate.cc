#include "train/product_rate.h"

#include <algorithm>

#include "base/stopwatch.h"
#include "model/model.h"

namespace deepscaler {

double product_rate(const Model& model) {
  constexpr int64_t kRows = 512;
  constexpr double kSeconds = 0.05;
  const ModelConfig& c = model.config();
  Matrix x(kRows, c.hidden), y(kRows, c.feed_forward);
  std::fill_n(x.data(), x.size(), 0.01f);
  double shortest = kSeconds;
  for (double total = 0; total < kSeconds;) {
    const Stopwatch watch;
    model.matrices().forward(x.view(), {{model.table().layer(0).gate, y.view()}});
    const double seconds = watch.seconds();
    shortest = std::min(shortest, seconds);
    total += seconds;
  }
  return 2.0 * kRows * static_cast<double>(c.hidden * c.feed_forward) / shortest;
}

}  // namespace deepscaler
