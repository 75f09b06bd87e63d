#include "run/records.h"

#include "base/file.h"
#include "rl/rollout/rollout_log.h"

namespace deepscaler {

RunRecords::RunRecords(const Recipe& recipe, const RunFolder& folder, const RunState& state)
    : recipe_(recipe), folder_(folder), log_(folder.path(), state.log) {}

void RunRecords::begin_stage(const Stage& stage, const RunState& state) {
  console_.emplace(recipe_.stages[static_cast<size_t>(state.stage)].title(), stage.steps(), state.stage_step);
}

void RunRecords::step(const StageStep& step, RunState& state, std::optional<double> left_s) {
  if (!step.groups.empty()) write_file_atomically(folder_.rollouts(state.step), rollout_lines(step.groups));
  if (!step.output.empty()) add_output(step, state);
  log_.record(state.step, step.metrics);
  if (console_) console_->show(state.stage_step, step.metrics, state.step, left_s);
}

void RunRecords::add_output(const StageStep& step, RunState& state) {
  if (state.output_of(state.stage) == nullptr) state.outputs.push_back({.stage = state.stage});
  if (output_stage_ != state.stage) {
    const auto path = folder_.output(state.stage, recipe_.stages[static_cast<size_t>(state.stage)].title());
    std::filesystem::create_directories(path.parent_path());
    output_.emplace(path);
    output_stage_ = state.stage;
  }
  output_->append(step.output);
  state.outputs.back().bytes += std::ssize(step.output);
}

RunLogSizes RunRecords::sync() {
  log_.sync();
  if (output_) output_->sync();
  return log_.sizes();
}

}  // namespace deepscaler
