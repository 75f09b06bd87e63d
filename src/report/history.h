// The history of a run, read from its folder: what the page and the picture of a run both draw.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eval/statistics.h"
#include "eval/summary.h"

namespace deepscaler {

// A stage as the recipe has it.
struct StageTitle {
  std::string name;
  std::string kind;  // "sft", "grpo", ...
};

// A stage that has trained at least one step. Steps count from 1 over the whole run.
struct TrainedStage {
  int64_t number = 0;  // counts from 0, in the recipe's order
  StageTitle title;
  int64_t first = 0, last = 0;

  [[nodiscard]] int64_t count() const { return last - first + 1; }
};

// A metric after a step. No value where the log has null: a number that was not finite.
struct MetricPoint {
  int64_t step = 0;
  std::optional<double> value;
};
using MetricSeries = std::vector<MetricPoint>;  // in the order of the log

// The evaluation before the first stage, or the one after a stage.
struct StageEvaluation {
  int64_t stages_done = 0;  // 0 before the first stage
  std::string title;        // "start", or the stage's name
  int64_t step = 0;         // the last step before it; 0 for the start
  int64_t problems = 0;
  int64_t samples = 0;  // a problem
  Interval pass_at_1;
  std::optional<Interval> change;  // since the evaluation before; none where the problems are others
  double mean_length = 0;          // tokens of a response
  double truncated_share = 0;      // shares of samples, as in EvalReport
  double undecided_share = 0;
  double no_answer_share = 0;
  std::vector<EvalSummary> sets;
};

struct RunHistory {
  std::string name;                            // of the run's folder
  std::map<std::string, MetricSeries> series;  // by the names of track/metrics.h
  std::vector<TrainedStage> stages;
  std::vector<StageEvaluation> evaluations;
};

// Reads metrics.jsonl and eval/ of the run in `folder`, as far as the run has come; an unfinished last line
// is left out. `titles` are the stages of the run's recipe. Throws Error naming the file for records that
// can't be read, and where there are no metrics yet.
[[nodiscard]] RunHistory read_history(const std::filesystem::path& folder,
                                      const std::vector<StageTitle>& titles);

}  // namespace deepscaler
