// From the fields of a request to the tokens of its prompts.
#pragma once

#include <vector>

#include "serve/api/served_model.h"

namespace deepscaler {

struct ServedPrompt {
  std::vector<TokenId> tokens;
  bool opened_thinking = false;  // it ends inside <think>
};

// `messages` as OpenAI has them, through the chat template: roles system, developer, user, assistant and
// tool; a content is a text or a list of {"type": "text", "text"}. With "tools", "chat_template_kwargs"
// (scalars alone), "reasoning_effort", "add_generation_prompt" and "continue_final_message". Control tokens
// in the messages are text. Throws RequestError, and Error where the template refuses them.
struct RenderedChat {
  MarkedText text;
  bool opened_thinking = false;
};
[[nodiscard]] RenderedChat render_chat(const ServedModel& served, const Json& request);
[[nodiscard]] ServedPrompt chat_prompt(const ServedModel& served, const Json& request);

// `key` of a request: a text, a list of tokens, or a list of either. A text is what the model reads, control
// tokens included, after what the tokenizer puts before every text.
[[nodiscard]] std::vector<ServedPrompt> raw_prompts(const ServedModel& served, const Json& request,
                                                    const char* key);

}  // namespace deepscaler
