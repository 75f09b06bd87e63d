#include "track/console.h"

#include <fmt/format.h>

namespace deepscaler {
namespace {

struct Headline {
  const char* metric;
  const char* label;
  const char* format;
};

constexpr Headline kHeadlines[] = {
    {"loss", "loss", "{:.4f}"},
    {"reward", "reward", "{:.3f}"},
    {"eval/pass@1", "pass@1", "{:.3f}"},
    {"completions/mean_length", "length", "{:.0f}"},
    {"completions/clipped_ratio", "cut", "{:.2f}"},
    {"entropy", "entropy", "{:.3f}"},
    {"grad_norm", "grad", "{:.3f}"},
    {"time/tokens_per_second", "tokens/s", "{:.0f}"},
    {"time/peak_share", "peak", "{:.2f}"},
};

}  // namespace

std::vector<std::pair<std::string, std::string>> headline_figures(const Metrics& metrics) {
  std::vector<std::pair<std::string, std::string>> figures;
  for (const auto& headline : kHeadlines)
    if (const auto value = metrics.get(headline.metric))
      figures.emplace_back(headline.label, fmt::format(fmt::runtime(headline.format), *value));
  return figures;
}

Console::Console(std::string label, int64_t total_steps, int64_t first_step)
    : progress_(std::move(label), "steps", total_steps, first_step) {}

void Console::show(int64_t steps_done, const Metrics& metrics) {
  for (auto& [name, value] : headline_figures(metrics)) progress_.set(name, std::move(value));
  progress_.update(steps_done);
}

}  // namespace deepscaler
