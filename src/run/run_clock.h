// How long a run still takes, from what its steps and evaluations have taken so far.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "run/recipe.h"

namespace deepscaler {

// An estimate for people, which is in no log. One thread owns it.
class RunClock {
 public:
  // `steps`: the number of steps of each stage.
  RunClock(const Recipe& recipe, std::vector<int64_t> steps);

  void took_step(int64_t stage, double seconds);
  void took_evaluation(double seconds) { evaluation_s_ = seconds; }

  // Seconds until the end of the run, after `done` steps of a stage; nothing before the stage's first step.
  // The steps of a later stage are taken to last in proportion to their number of tokens.
  [[nodiscard]] std::optional<double> left_s(int64_t stage, int64_t done) const;

 private:
  // The cost of a step of stage `next` as a multiple of a step of stage `now`.
  [[nodiscard]] double cost_beside(size_t next, size_t now) const;
  [[nodiscard]] int64_t evaluations_of(size_t stage, int64_t done) const;

  const Recipe& recipe_;
  std::vector<int64_t> steps_;
  std::vector<std::vector<double>> seconds_;  // of the latest steps of each stage
  double evaluation_s_ = 0;
};

}  // namespace deepscaler
