// From the fields of a request to the tokens of its prompts.
#pragma once

#include <vector>

#include "data/conversation_text.h"
#include "serve/answer/answer_text.h"
#include "serve/api/served_model.h"

namespace deepscaler {

// `messages` as OpenAI has them, through the chat template: roles system, developer, user, assistant and
// tool; a content is a text or a list of {"type": "text", "text"}. With "tools", "chat_template_kwargs"
// (scalars alone), "reasoning_effort", "add_generation_prompt" and "continue_final_message". "tool_choice" is
// "auto" or "none". Control tokens in the messages are text. Throws RequestError, and Error where the
// template refuses them.
[[nodiscard]] ConversationText render_chat(const ServedModel& served, const Json& request);
[[nodiscard]] EncodedPrompt chat_prompt(const ServedModel& served, const Json& request);

// How the answer to such a request is read: thoughts are told apart, and calls of tools where it offers some
// and the chat template shows the model one of the formats of serve/answer/tool_calls.h.
[[nodiscard]] AnswerReading chat_reading(const ServedModel& served, const Json& request,
                                         bool opened_thinking);

// `key` of a request: a text, a list of tokens, or a list of either. A text is what the model reads, control
// tokens included, after what the tokenizer puts before every text.
[[nodiscard]] std::vector<EncodedPrompt> raw_prompts(const ServedModel& served, const Json& request,
                                                     const char* key);

}  // namespace deepscaler
