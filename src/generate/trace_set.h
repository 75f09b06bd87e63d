// A data set of a model's own traces: the graded responses of a generation file, as records that an sft stage
// reads (data/trace.h), one for each problem that was answered rightly:
//
//   {"id", "problem", "answer", "generations": [text, ...]}
#pragma once

#include <filesystem>
#include <vector>

#include "data/problem.h"
#include "data/trace.h"

namespace deepscaler {

// Writes the responses that are right and whole. `generations` is a file of graded responses, in the order of
// their prompts, whose prompts are those of `problems`. Throws Error where no response is right; no file is
// written then.
TraceCounts write_trace_set(const std::filesystem::path& generations, const std::vector<Problem>& problems,
                            const std::filesystem::path& output);

}  // namespace deepscaler
