// Where a run stands: all that must survive a kill beside the weights and the optimizer's moments. A
// checkpoint saves it whole as state.json. It holds no random state, since draws are functions of the seed,
// the step and what they are for (base/rng.h).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "run/stages/curriculum.h"
#include "track/run_log.h"

namespace deepscaler {

// An evaluation that was made and is in a file of eval/.
struct RecordedEvaluation {
  std::string file;   // without ".json"
  std::string title;  // what it follows, "start" or a stage; empty inside a stage
};

// The evaluation that "best" means: the one with the highest eval/pass@1 of the run. In a run that evaluates
// no problems, the one with the lowest eval/loss of the latest stage that measures a loss.
struct BestEvaluation {
  std::string metric;
  double value = 0;
  int64_t stage = 0;
  int64_t step = 0;
};

// What a stage has left for later ones: lines in a file of outputs/.
struct StageOutput {
  int64_t stage = 0;
  int64_t bytes = 0;   // so far
  std::string sha256;  // once the stage is over
};

struct RunState {
  int64_t stage = 0;       // the one under way, from 0; the last one, when the run is complete
  int64_t stage_step = 0;  // steps of the stage that are done
  int64_t step = 0;        // steps of the whole run that are done
  int64_t trained_tokens = 0;
  bool evaluated = false;  // whether the evaluation that is due after `step`, if any, has been made
  StageHistory history;    // of the stage
  std::map<std::string, double> carried;  // from the stage's last step to its next (run/stages/stage.h)
  std::vector<int64_t> stage_ends;        // the step after which each earlier stage ended
  std::vector<RecordedEvaluation> evaluations;
  std::optional<BestEvaluation> best;
  std::vector<StageOutput> outputs;           // in order of stages; none of a stage without lines
  std::map<std::string, std::string> models;  // hashes of the models beside the policy, by name
  RunLogSizes log;

  // Takes note of an evaluation of this step.
  void offer_best(const std::string& metric, double value);
  // The output of a stage, or null.
  [[nodiscard]] const StageOutput* output_of(int64_t number) const;
};

[[nodiscard]] nlohmann::ordered_json state_json(const RunState& state);
// Throws Error naming `where` for JSON that is no state of a run.
[[nodiscard]] RunState parse_state(const nlohmann::ordered_json& json, const std::string& where);

}  // namespace deepscaler
