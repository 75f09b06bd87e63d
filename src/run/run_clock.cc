#include "run/run_clock.h"

#include <numeric>

namespace deepscaler {
namespace {

constexpr size_t kSteps = 10;  // whose mean says what the next ones take

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

RunClock::RunClock(const Recipe& recipe, std::vector<int64_t> steps)
    : recipe_(recipe), steps_(std::move(steps)), seconds_(steps_.size()) {}

void RunClock::took_step(int64_t stage, double seconds) {
  std::vector<double>& of_stage = seconds_[static_cast<size_t>(stage)];
  of_stage.push_back(seconds);
  if (of_stage.size() > kSteps) of_stage.erase(of_stage.begin());
}

double RunClock::cost_beside(size_t next, size_t now) const {
  const double of_next = recipe_.stages[next].settings().tokens_of_step();
  const double of_now = recipe_.stages[now].settings().tokens_of_step();
  return of_next > 0 && of_now > 0 ? of_next / of_now : 1;
}

int64_t RunClock::evaluations_of(size_t stage, int64_t done) const {
  const int64_t every = recipe_.evaluates_every(stage), steps = steps_[stage];
  const int64_t inside = every > 0 ? (steps - 1) / every - done / every : 0;
  return inside + (recipe_.stages[stage].eval.at_end ? 1 : 0);
}

std::optional<double> RunClock::left_s(int64_t stage, int64_t done) const {
  const auto now = static_cast<size_t>(stage);
  if (seconds_[now].empty()) return std::nullopt;
  const double step_s = mean_of(seconds_[now]);
  double left = step_s * static_cast<double>(steps_[now] - done) +
                evaluation_s_ * static_cast<double>(evaluations_of(now, done));
  for (size_t next = now + 1; next < steps_.size(); ++next) {
    left += step_s * cost_beside(next, now) * static_cast<double>(steps_[next]) +
            evaluation_s_ * static_cast<double>(evaluations_of(next, 0));
  }
  return left;
}

}  // namespace deepscaler
