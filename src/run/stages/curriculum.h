// When a stage ends: after its steps, or earlier by one of two rules of [stage.until]. The rules are pure
// functions of what the stage has recorded, so a resumed run decides as an unbroken one does.
//
// DeepScaleR lets the context grow when responses are cut at its limit, and when pass@1 no longer rises.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace deepscaler {

class ConfigSection;

struct UntilConfig {
  int64_t plateau = 0;      // evaluations without a gain; 0: no such rule
  double plateau_gain = 0;  // a gain is a rise of eval/pass@1 by more than this over the best so far
  std::optional<double> clipped_ratio;
  int64_t window = 10;  // steps over which clipped_ratio is averaged
};

void bind(ConfigSection& section, UntilConfig& config);

// What the rules look at, in the order in which it was recorded. Part of a run's state.
struct StageHistory {
  std::vector<double> pass_at_1;      // of the evaluations in the stage
  std::vector<double> clipped_ratio;  // of its latest steps, `window` of them at most

  // Adds a step's figure and forgets what the window has left behind.
  void add_clipped_ratio(double value, const UntilConfig& config);
};

// Why the stage ends before its last step, for the log, or nothing if it goes on.
[[nodiscard]] std::optional<std::string> reason_to_end(const UntilConfig& config,
                                                       const StageHistory& history);

}  // namespace deepscaler
