// POST /v1/completions: texts or tokens to go on with, as OpenAI's older API has them. With "echo" the prompt
// comes back with the response, and with "logprobs" its tokens' log-probabilities too: lm-eval's
// local-completions scores with them.
#pragma once

#include "serve/api/answer_order.h"

namespace deepscaler {

[[nodiscard]] AnswerOrder order_completion(const ServedModel& served, const Json& request,
                                           int64_t cache_space);

}  // namespace deepscaler
