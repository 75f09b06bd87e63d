// What two runs have recorded of one step, compared bit for bit. All but metrics under `time/` counts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trust/recorded_run.h"

namespace deepscaler {

struct RecordDifference {
  int64_t step = 0;
  std::string file;         // in the run's folder
  std::string place;        // in the file: "loss", "problem 'p1', sample 0: token_ids[4]"
  std::string left, right;  // the values as JSON; "nothing" where there is none
};

// An evaluation after the step that only the right run has made. One that only the left has is passed over: a
// run that got more steps keeps the evaluation at its old end.
enum class LoneEvaluation { kPassedOver, kDiffers };

// The differences, in the order in which a step makes its records: samples (for each that differs its first
// token or field), metrics, the hash of the weights, the evaluation after the step. Throws Error for records
// that can't be read.
[[nodiscard]] std::vector<RecordDifference> step_differences(const RecordedRun& left,
                                                             const RecordedRun& right, int64_t step,
                                                             LoneEvaluation lone);

// The hash of the weights after a training step, as metrics.jsonl has it; empty where it has none.
[[nodiscard]] std::string recorded_weights(const RecordedRun& run, int64_t step);

// "step 7, metrics.jsonl, loss: 0.5 and 0.4".
[[nodiscard]] std::string difference_text(const RecordDifference& difference);

}  // namespace deepscaler
