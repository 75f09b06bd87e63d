#include "track/console.h"

#include <fmt/format.h>

#include <cmath>

namespace deepscaler {
namespace {

struct Headline {
  const char* metric;
  const char* label;
  const char* format;
};

// From here on the digits before the point would fill the line.
constexpr double kLargest = 1e6;

constexpr Headline kHeadlines[] = {
    {"loss", "loss", "{:.4f}"},
    {"reward", "reward", "{:.3f}"},
    {"eval/pass@1", "pass@1", "{:.3f}"},
    {"completions/mean_length", "length", "{:.0f}"},
    {"completions/clipped_ratio", "cut", "{:.2f}"},
    {"entropy", "entropy", "{:.3f}"},
    {"grad_norm", "grad", "{:.3f}"},
    {"time/tokens_per_second", "tokens/s", "{:.0f}"},
};

}  // namespace

std::vector<std::pair<std::string, std::string>> headline_figures(const Metrics& metrics) {
  std::vector<std::pair<std::string, std::string>> figures;
  for (const auto& headline : kHeadlines)
    if (const auto value = metrics.get(headline.metric)) {
      const char* format = std::abs(*value) < kLargest ? headline.format : "{:.3g}";
      figures.emplace_back(headline.label, fmt::format(fmt::runtime(format), *value));
    }
  return figures;
}

Console::Console(std::string label, int64_t total_steps, int64_t first_step)
    : progress_(std::move(label), "steps", total_steps, first_step) {}

void Console::show(int64_t steps_done, const Metrics& metrics, int64_t run_step,
                   std::optional<double> left_s) {
  if (run_step != steps_done) progress_.set("of the run", fmt::format("{}", run_step));
  if (left_s) progress_.set("run eta", "~" + duration_text(*left_s));
  for (auto& [name, value] : headline_figures(metrics)) progress_.set(name, std::move(value));
  progress_.update(steps_done);
}

}  // namespace deepscaler
