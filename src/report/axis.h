// Axes with round numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deepscaler {

// Ticks are the multiples `first` to `last` of `step`, which is 1, 2 or 5 times a power of ten.
struct Ticks {
  double step = 1;
  int64_t first = 0, last = 0;

  [[nodiscard]] double low() const { return static_cast<double>(first) * step; }
  [[nodiscard]] double high() const { return static_cast<double>(last) * step; }
  [[nodiscard]] std::vector<double> values() const;  // ascending; empty where last < first
};

// The ticks that enclose [low, high], finite: the finest step that makes at most `most` intervals, `most`
// >= 2. Where `low` equals `high` there is one interval or two.
[[nodiscard]] Ticks ticks_around(double low, double high, int64_t most);

// The whole numbers among the ticks in [low, high]: the finest step that makes at most `most` intervals.
[[nodiscard]] Ticks whole_ticks_within(int64_t low, int64_t high, int64_t most);

// A tick as text: "0.25", "1,500", "2e-05", "2e+06".
[[nodiscard]] std::string tick_text(double tick);

}  // namespace deepscaler
