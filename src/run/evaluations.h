// The evaluations of a run: answers to its held-out problems, and the loss on a stage's held-out examples.
#pragma once

#include <string>
#include <vector>

#include "data/prompt_encoder.h"
#include "engine/engine.h"
#include "eval/report.h"
#include "run/recipe.h"
#include "run/stages/stage.h"
#include "run/state.h"
#include "run/writer.h"

namespace deepscaler {

// The result of one evaluation, under the title of the stage that it follows.
struct RunEvaluation {
  std::string title;
  EvalReport report;
};

// One thread owns it. The arguments of the constructor must outlive it.
class RunEvaluations {
 public:
  // Reads the problems of [eval]. Throws Error for what can't be used.
  RunEvaluations(const Recipe& recipe, RunWriter& writer, const PromptEncoder& encoder);

  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }
  // How many of the problems are in a stage's data too.
  [[nodiscard]] int64_t trained_on() const { return trained_on_; }
  // Whether there is anything to measure in a stage.
  [[nodiscard]] bool any(const Stage& stage) const {
    return !problems_.empty() || stage.held_out_examples() > 0;
  }

  // Evaluates the policy after state.step and notes it in `state`. `title` is what the evaluation follows,
  // "start" or a stage, and empty inside a stage. Throws Interrupted when the user asks to stop.
  [[nodiscard]] Metrics evaluate(Engine& policy, Stage& stage, const std::string& title,
                                 RunState& state) const;

  // The reports that have a title, in order.
  [[nodiscard]] std::vector<RunEvaluation> titled(const RunState& state) const;

 private:
  void read_problems();
  void sample_answers(Engine& policy, const std::string& title, RunState& state, Metrics& metrics) const;

  const Recipe& recipe_;
  RunWriter& writer_;
  const PromptEncoder& encoder_;
  std::vector<Problem> problems_;
  int64_t trained_on_ = 0;  // of problems_
  int64_t left_out_ = 0;    // of [eval], since their prompts are too long
};

}  // namespace deepscaler
