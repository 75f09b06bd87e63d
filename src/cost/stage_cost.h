// What a stage takes in time: its steps and evaluations on a number of ranks, from a few steps simulated.
#pragma once

#include <cstdint>
#include <string>

#include "cost/schedule/length_model.h"
#include "cost/schedule/step_schedule.h"

namespace deepscaler {

// How long prompts and responses, or examples, of a stage are.
struct StageLengths {
  LengthModel responses = LengthModel::constant(1);
  int64_t prompt_tokens = 256;
};

// A stage as far as its time goes. Groups are problems, or examples.
struct StageWork {
  std::string name;
  int64_t steps = 0;
  int64_t groups = 0, samples = 1;  // of a step, and of a group
  int64_t limit = 1;                // tokens of a response
  StageLengths lengths;
  StepWork step;  // without samples
  // Evaluations that belong to the stage.
  int64_t evaluations = 0, eval_problems = 0, eval_samples = 1, eval_limit = 1;
};

// Hours of the whole stage.
struct StageCost {
  double generate = 0, train = 0, evaluate = 0, other = 0;
  double generate_wait = 0, train_wait = 0, exchange = 0, update = 0;  // parts of these
  double tokens = 0;                                                   // of responses
  double preemptions = 0;

  [[nodiscard]] double total() const { return generate + train + evaluate + other; }
  void add(const StageCost& more);
};

// Lengths are drawn by a fixed seed: the same work has the same cost.
[[nodiscard]] StageCost cost_of(const StageWork& work, const RankTimes& ranks);

}  // namespace deepscaler
