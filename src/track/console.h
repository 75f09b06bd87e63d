// A run as a person follows it: a progress bar with the figures that matter on a terminal, elsewhere a
// plain line every few seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/progress.h"
#include "track/metrics.h"

namespace deepscaler {

// The figures shown of a step, with their short names, in order: {"reward", "0.62"}, ...
[[nodiscard]] std::vector<std::pair<std::string, std::string>> headline_figures(const Metrics& metrics);

// One stage of a run. One thread owns it.
class Console {
 public:
  // `first_step` is where this process begins (after a resume), of `total_steps`.
  Console(std::string label, int64_t total_steps, int64_t first_step = 0);
  // `run_step` counts over the whole run; `left_s` is what is left of it, where that can be said.
  void show(int64_t steps_done, const Metrics& metrics, int64_t run_step, std::optional<double> left_s);

 private:
  Progress progress_;
};

}  // namespace deepscaler
