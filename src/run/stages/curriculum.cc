#include "run/stages/curriculum.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/config.h"

namespace deepscaler {
namespace {

// Evaluations since the last one that was a gain; the first one always is.
int64_t evaluations_without_gain(const std::vector<double>& values, double gain) {
  int64_t since = 0;
  double best = values.front();
  for (size_t i = 1; i < values.size(); ++i) {
    since = values[i] > best + gain ? 0 : since + 1;
    best = std::max(best, values[i]);
  }
  return since;
}

}  // namespace

void bind(ConfigSection& section, UntilConfig& config) {
  section
      .field("plateau", config.plateau,
             "evaluations without a gain of eval/pass@1 after which the stage ends, 0 for none")
      .at_least(0);
  section
      .field("plateau_gain", config.plateau_gain,
             "how far above the stage's best pass@1 an evaluation must be to count as a gain")
      .range(0, 1);
  section
      .field("clipped_ratio", config.clipped_ratio,
             "share of truncated responses above which the stage ends, as a mean over window steps")
      .range(0, 1);
  section.field("window", config.window, "steps over which clipped_ratio is averaged").at_least(1);
}

void StageHistory::add_clipped_ratio(double value, const UntilConfig& config) {
  clipped_ratio.push_back(value);
  if (std::ssize(clipped_ratio) > config.window) clipped_ratio.erase(clipped_ratio.begin());
}

std::optional<std::string> reason_to_end(const UntilConfig& config, const StageHistory& history) {
  if (config.plateau > 0 && !history.pass_at_1.empty() &&
      evaluations_without_gain(history.pass_at_1, config.plateau_gain) >= config.plateau) {
    return fmt::format("pass@1 has not risen for {} evaluations", config.plateau);
  }
  const auto& clipped = history.clipped_ratio;
  if (config.clipped_ratio && std::ssize(clipped) >= config.window) {
    const double mean =
        std::accumulate(clipped.begin(), clipped.end(), 0.0) / static_cast<double>(clipped.size());
    if (mean > *config.clipped_ratio) {
      return fmt::format("{:.1f} % of the responses of its last {} steps were truncated", 100 * mean,
                         clipped.size());
    }
  }
  return std::nullopt;
}

}  // namespace deepscaler
