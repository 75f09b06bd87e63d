#include "cost/schedule/pass_times.h"

#include <algorithm>

namespace deepscaler {

double RowTimes::at(double rows) const {
  if (rows <= 0 || points_.empty()) return 0;
  if (rows <= points_.front().rows) return points_.front().seconds;
  if (rows >= points_.back().rows) return points_.back().seconds * rows / points_.back().rows;
  const auto above = std::ranges::lower_bound(points_, rows, {}, &At::rows);
  const auto below = above - 1;
  const double share = (rows - below->rows) / (above->rows - below->rows);
  return below->seconds + share * (above->seconds - below->seconds);
}

}  // namespace deepscaler
