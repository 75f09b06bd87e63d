// What a run writes down of its steps, and shows of them on the console.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "run/recipe.h"
#include "run/stages/stage.h"
#include "run/state.h"
#include "run/writer.h"
#include "track/console.h"

namespace deepscaler {

// One thread owns it; what it is made of must outlive it. All functions throw Error where the disk refuses.
class RunRecords {
 public:
  RunRecords(const Recipe& recipe, RunWriter& writer) : recipe_(recipe), writer_(writer) {}

  // The console of a stage that begins, or is gone on with.
  void begin_stage(const Stage& stage, const RunState& state);
  void end_stage() { console_.reset(); }

  // A step that `state` counts already: its rollouts, its metrics with the hash of the weights after it, and
  // its lines, which are added to the stage's output in `state`. The console shows it with the seconds that
  // the run still takes, if known.
  void step(const StageStep& step, std::string_view weights, RunState& state, std::optional<double> left_s);

 private:
  void add_output(const StageStep& step, RunState& state);

  const Recipe& recipe_;
  RunWriter& writer_;
  std::optional<Console> console_;  // of the stage under way
};

}  // namespace deepscaler
