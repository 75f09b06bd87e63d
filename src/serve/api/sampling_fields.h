// How the answers to a request are sampled, from its fields.
#pragma once

#include <memory>
#include <optional>

#include "infer/stop_strings.h"
#include "serve/answer/answer_engine.h"
#include "serve/api/prompt_fields.h"

namespace deepscaler {

struct AskedSampling {
  GenerationOptions options;  // but for max_response_tokens and the stop strings
  std::shared_ptr<const StopStrings> stop;
  std::optional<int64_t> most_new_tokens;  // not given: as many as there is room for
  int64_t samples = 1;
};

// temperature, top_p, top_k, min_p, repetition_penalty (or repeat_penalty), presence_penalty,
// frequency_penalty, logit_bias, seed, n, stop, max_tokens or max_completion_tokens, ignore_eos. What is left
// open is as served.defaults say; without a seed one is drawn. Throws RequestError, and Error for stop
// strings that mix special tokens with text.
[[nodiscard]] AskedSampling read_sampling(const ServedModel& served, const Json& request);

// The question for one prompt. `cache_space` names who shares keys and values. Throws RequestError where
// prompt and response have no room.
[[nodiscard]] Question make_question(const ServedModel& served, const EncodedPrompt& prompt,
                                     const AskedSampling& asked, int64_t cache_space);

// Throws RequestError where the questions together are more than a request may ask.
void require_within_budget(const ServedModel& served, const std::vector<Question>& questions);

}  // namespace deepscaler
