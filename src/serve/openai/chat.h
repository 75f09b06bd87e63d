// POST /v1/chat/completions, as OpenAI's API reference and the `openai` client have it, with
// "reasoning_content" apart from "content" as DeepSeek's API has it. Beside OpenAI's fields: top_k, min_p,
// repetition_penalty, chat_template_kwargs, add_generation_prompt, continue_final_message, ignore_eos,
// return_token_ids.
#pragma once

#include "serve/api/answer_order.h"

namespace deepscaler {

[[nodiscard]] AnswerOrder order_chat(const ServedModel& served, const Json& request, int64_t cache_space);

}  // namespace deepscaler
