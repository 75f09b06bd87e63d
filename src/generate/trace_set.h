// A data set of a model's own traces: the graded responses of a generation file, as records that an sft stage
// reads (data/trace.h), one for each problem of which the filter keeps a response:
//
//   {"id", "problem", "answer", "generations": [text, ...]}
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/problem.h"
#include "generate/trace_filter.h"

namespace deepscaler {

// The record of a problem, as a line of JSON with its line break, whose traces are these texts.
[[nodiscard]] std::string trace_record_line(const Problem& problem, const std::vector<std::string>& texts);

// A response as a trace: with the <think> that its prompt has opened.
[[nodiscard]] std::string trace_of_response(const std::string& text, bool prompt_opened_thinking);

// Writes the responses that the filter keeps; texts are English to it, and have no reward. `generations` is a
// file of graded responses, in the order of their prompts, whose prompts are those of `problems`. Returns
// what describe_rejections says of them. Throws Error where nothing is kept; no file is written then.
std::string write_trace_set(const std::filesystem::path& generations, const std::vector<Problem>& problems,
                            const TraceFilterConfig& filter, const std::filesystem::path& output);

}  // namespace deepscaler
