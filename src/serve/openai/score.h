// POST /v1/score, of our own: the log-probabilities of given tokens.
//
// {"model", "input": text, tokens, or a list of either, "temperature": 1, "top_logprobs": 0} gives
// {"object": "list", "model", "data": [{"object": "score", "index", "token_ids", "log_probs": [null, -1.25,
// ...], "top_logprobs": [null, [{"id", "logprob"}, ...], ...]}], "usage"}; nothing is known of a first token.
// The numbers are those that the model draws tokens with (infer/sampling.h), bit for bit.
#pragma once

#include "serve/api/answer_order.h"

namespace deepscaler {

[[nodiscard]] AnswerOrder order_score(const ServedModel& served, const Json& request, int64_t cache_space);

}  // namespace deepscaler
