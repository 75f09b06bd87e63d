#include "run/records.h"

#include "rl/rollout/rollout_log.h"

namespace deepscaler {

void RunRecords::begin_stage(const Stage& stage, const RunState& state) {
  console_.emplace(recipe_.stages[static_cast<size_t>(state.stage)].title(), stage.steps(), state.stage_step);
}

void RunRecords::step(const StageStep& step, std::string_view weights, RunState& state,
                      std::optional<double> left_s) {
  if (!step.groups.empty()) writer_.rollouts(state.step, rollout_lines(step.groups));
  if (!step.output.empty()) add_output(step, state);
  writer_.metrics(state.step, step.metrics, weights);
  if (console_) console_->show(state.stage_step, step.metrics, state.step, left_s);
}

void RunRecords::add_output(const StageStep& step, RunState& state) {
  if (state.output_of(state.stage) == nullptr) state.outputs.push_back({.stage = state.stage});
  writer_.output(state.stage, recipe_.stages[static_cast<size_t>(state.stage)].title(), step.output);
  state.outputs.back().bytes += std::ssize(step.output);
}

}  // namespace deepscaler
