// Ollama's POST /api/chat and /api/generate: their fields in the words of serve/api/.
//
// "options" is where sampling stands: temperature, top_k, top_p, min_p, repeat_penalty, presence_penalty,
// frequency_penalty, seed, stop, and num_predict, of which what is negative says "as long as there is room".
// "think": false keeps a model from thinking: the chat template is told, and where it opens a chain of
// thought all the same, an empty one is written. "stream" is true where it is left out. Others, as
// "keep_alive" and num_ctx, are ignored.
#pragma once

#include "serve/api/answer_order.h"

namespace deepscaler {

// messages, tools. Without a message it is answered at once, as is a prompt that is empty: so clients load
// models.
[[nodiscard]] AnswerOrder order_ollama_chat(const ServedModel& served, const Json& request,
                                            int64_t cache_space);
// prompt, system; "raw": the prompt is what the model reads.
[[nodiscard]] AnswerOrder order_ollama_generate(const ServedModel& served, const Json& request,
                                                int64_t cache_space);

}  // namespace deepscaler
