// What a run writes down of its steps and shows of them: metrics, rollouts, a stage's output, the console.
#pragma once

#include <cstdint>
#include <optional>

#include "run/folder.h"
#include "run/recipe.h"
#include "run/stages/stage.h"
#include "run/state.h"
#include "track/console.h"
#include "track/run_log.h"

namespace deepscaler {

// One thread owns it. All functions throw Error where the disk refuses.
class RunRecords {
 public:
  // Opens the records and cuts them back to what `state` knows of. `recipe` and `folder` must outlive this
  // object.
  RunRecords(const Recipe& recipe, const RunFolder& folder, const RunState& state);

  // The console of a stage that begins, or is gone on with.
  void begin_stage(const Stage& stage, const RunState& state);
  void end_stage() { console_.reset(); }

  // A step that `state` counts already: its rollouts, its metrics, and its lines, which are added to the
  // stage's output in `state`. The console shows it with the seconds that the run still takes, if known.
  void step(const StageStep& step, RunState& state, std::optional<double> left_s);
  void metrics(int64_t step, const Metrics& metrics) { log_.record(step, metrics); }

  // What a checkpoint must remember; all of it is on disk then.
  [[nodiscard]] RunLogSizes sync();

 private:
  void add_output(const StageStep& step, RunState& state);

  const Recipe& recipe_;
  const RunFolder& folder_;
  RunLog log_;
  std::optional<Console> console_;
  std::optional<AppendFile> output_;  // of the stage under way
  int64_t output_stage_ = -1;
};

}  // namespace deepscaler
