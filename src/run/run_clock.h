// How long a run still takes, from what its steps and evaluations have taken so far.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "run/recipe.h"

namespace deepscaler {

// An estimate, for people: it is in no log. One thread owns it.
class RunClock {
 public:
  // `steps` are those of each stage.
  RunClock(const Recipe& recipe, std::vector<int64_t> steps);

  void took_step(int64_t stage, double seconds);
  void took_evaluation(double seconds) { evaluation_s_ = seconds; }

  // Seconds until the end of the run, after `done` steps of a stage; nothing before the stage's first step. A
  // stage to come takes so much longer than the present one as it handles more tokens a step.
  [[nodiscard]] std::optional<double> left_s(int64_t stage, int64_t done) const;

 private:
  // What a step of one stage costs, of a step of another.
  [[nodiscard]] double cost_beside(size_t next, size_t now) const;
  [[nodiscard]] int64_t evaluations_of(size_t stage, int64_t done) const;

  const Recipe& recipe_;
  std::vector<int64_t> steps_;
  std::vector<std::vector<double>> seconds_;  // of the latest steps of each stage
  double evaluation_s_ = 0;
};

}  // namespace deepscaler
