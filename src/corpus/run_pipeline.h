// A pipeline carried out, or gone on with. A step that is done is not done again while all that its result
// depends on is the same: the program, its settings, the seed, its input files and the records before it,
// each by its SHA-256. A step's files get their names whole, and step.json last. So a pipeline that is killed
// at any moment and started again ends in the same bytes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "corpus/pipeline.h"
#include "corpus/step_summary.h"

namespace deepscaler {

struct PipelineOutcome {
  std::vector<SummarizedStep> steps;
  int64_t done_now = 0;  // steps that were not done already
};

struct PipelineRequest {
  PipelineConfig config;
  std::string where;             // the pipeline's file, for errors
  std::filesystem::path folder;  // the data set's
  std::string program;           // its version: another one does every step again
};

// Throws Error for settings, files and folders that can't be used, and for a step that leaves no record.
// Throws Interrupted when the user asked to stop; the step under way is lost. One process at a time may work
// on a folder.
PipelineOutcome run_pipeline(const PipelineRequest& request);

}  // namespace deepscaler
