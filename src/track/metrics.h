// What a run measures: one table of names, and the figures of one step.
//
// Names are those that users of TRL look for, where TRL has the quantity. All that depends on the
// clock is under `time/`: everything else is equal, bit for bit, when a run is repeated or resumed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepscaler {

struct MetricInfo {
  std::string_view name;     // "rewards/{name}/mean": {name} stands for any word
  std::string_view formula;  // what it is
  std::string_view unit;     // "tokens", "s", "1" for a plain number
  std::string_view over;     // over what it is averaged or summed
};

// Every metric that a run may record, in the order of the manual.
[[nodiscard]] std::span<const MetricInfo> metric_table();

// The table's entry for a name ("rewards/accuracy/mean" finds the pattern), or null.
[[nodiscard]] const MetricInfo* find_metric(std::string_view name);

// A float as it was written: the double with the shortest digits that are this float, 1e-4 and not
// 9.999999747378752e-05.
[[nodiscard]] double as_written(float value);

// The figures of one step, in the order in which they were set. A value: copy it freely.
class Metrics {
 public:
  // Sets or replaces a figure. The name must be in the table (a CHECK: names are ours).
  void set(std::string_view name, double value);
  [[nodiscard]] std::optional<double> get(std::string_view name) const;
  // Takes over all figures of `other`.
  void add(const Metrics& other);

  [[nodiscard]] const std::vector<std::pair<std::string, double>>& all() const { return values_; }

 private:
  std::vector<std::pair<std::string, double>> values_;
};

}  // namespace deepscaler
