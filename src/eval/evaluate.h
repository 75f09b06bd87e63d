// Evaluation of a model in memory: samples answers to problems and grades them.
#pragma once

#include <cstdint>
#include <vector>

#include "data/problem.h"
#include "data/prompt_encoder.h"
#include "eval/report_builder.h"
#include "infer/generator.h"

namespace deepscaler {

// The settings of an evaluation of `problems` by this program on this machine.
[[nodiscard]] EvalSettings eval_settings(const Model& model, const std::string& model_path,
                                         const PromptEncoder& encoder, const std::vector<Problem>& problems,
                                         const EvalConfig& config);

// Removes the problems whose prompts have more than `max_prompt_tokens` tokens, and returns their number.
int64_t leave_out_long(std::vector<Problem>& problems, const PromptEncoder& encoder,
                       int64_t max_prompt_tokens);

// Samples answers as `settings` say, and grades them. The same settings and weights give the same report. The
// samples of `log` are taken as they are, and new ones are added to it as they finish. Throws Error, before
// anything is computed, for a problem whose prompt leaves no room for an answer. Throws Interrupted when the
// user asks to stop.
[[nodiscard]] EvalReport evaluate(Generator& generator, const PromptEncoder& encoder,
                                  const std::vector<Problem>& problems, const EvalSettings& settings,
                                  const EvalProgress& progress = {}, SampleLog* log = nullptr);

}  // namespace deepscaler
