#include "rl/loss/top_entropy.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace deepscaler {

double entropy_threshold(std::span<const float> entropies, double share) {
  DEEPSCALER_CHECK(!entropies.empty(), "a quantile of nothing");
  std::vector<float> sorted(entropies.begin(), entropies.end());
  std::ranges::sort(sorted);
  const double place = (1 - share) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const double low = sorted[below], high = sorted[std::min(below + 1, sorted.size() - 1)];
  return low + (place - static_cast<double>(below)) * (high - low);
}

}  // namespace deepscaler
