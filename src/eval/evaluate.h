// Evaluation: samples answers to problems and grades them.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "data/problem.h"
#include "data/prompt_encoder.h"
#include "eval/report.h"
#include "eval/sample_log.h"
#include "infer/generator.h"

namespace deepscaler {

// Of all samples: those that are there, and those of them that are right.
using EvalProgress = std::function<void(int64_t finished, int64_t right)>;

// The settings of an evaluation of `problems` by this program on this machine.
[[nodiscard]] EvalSettings eval_settings(const Model& model, const std::string& model_path,
                                         const PromptEncoder& encoder, const std::vector<Problem>& problems,
                                         const EvalConfig& config);

// Takes the problems out whose prompts have more than so many tokens, and returns how many those are.
int64_t leave_out_long(std::vector<Problem>& problems, const PromptEncoder& encoder,
                       int64_t max_prompt_tokens);

// Samples as `settings` say and grades. The same settings and weights give the same report. With a log,
// its earlier samples are taken as they are, and new ones are added as they finish. Throws Error for a
// problem whose prompt leaves no room for an answer, before anything is computed, and Interrupted when the
// user asks to stop.
[[nodiscard]] EvalReport evaluate(Generator& generator, const PromptEncoder& encoder,
                                  const std::vector<Problem>& problems, const EvalSettings& settings,
                                  const EvalProgress& progress = {}, SampleLog* log = nullptr);

}  // namespace deepscaler
