// Evaluation of a model behind HTTP: any server that answers POST /chat/completions as OpenAI's does is asked
// for samples, and the verifier grades them as it grades those of a model in memory.
//
// Each sample is a request of its own with a seed of its own, since many servers have no `n`. A server that
// takes a seed for what it is gives the same report again. What it tells apart as reasoning stands in the
// sample's text between <think> and </think>.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/problem.h"
#include "data/prompt.h"
#include "eval/report_builder.h"
#include "fetch/chat_endpoint.h"

namespace deepscaler {

// Who is asked, and what for besides the sampling.
struct EndpointModel {
  std::string url, name;
  std::string request_fields;  // a JSON object put into each request: a key replaces one of ours, null takes
                               // it away; empty for none
};

// The settings of an evaluation of `problems` there. Of `prompt` text and system count. Throws Error for
// fields that are no JSON object, or that would take apart which answer belongs to which sample.
[[nodiscard]] EvalSettings endpoint_settings(const EndpointModel& model, const PromptConfig& prompt,
                                             const std::vector<Problem>& problems, const EvalConfig& config);

// The request for one sample. top_k, min_p and repetition_penalty are left out where they are off, since not
// every server knows them; then the server's own defaults count.
[[nodiscard]] nlohmann::ordered_json endpoint_request(const EvalSettings& settings, const Problem& problem,
                                                      int64_t sample);

// Samples answers as `settings` say, at most `side_by_side` at a time, and grades them. The samples of `log`
// are taken as they are, and new ones are added to it as they come. `progress` is called from several
// threads, but never from two at once. Throws as ask_all() does.
[[nodiscard]] EvalReport evaluate_endpoint(ChatEndpoint& endpoint, const std::vector<Problem>& problems,
                                           const EvalSettings& settings, int64_t side_by_side,
                                           const EvalProgress& progress = {}, SampleLog* log = nullptr);

}  // namespace deepscaler
