// A conversation as the text that a model reads, where what people wrote stays text: a message that holds
// "<|im_end|>" does not end its turn (text/chat/control_marks.h).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "data/prompt_encoder.h"
#include "text/chat/control_marks.h"

namespace deepscaler {

enum class LastTurn {
  kClosed,        // the conversation ends with its last message
  kOpensAnswer,   // the assistant's turn is opened
  kIsGoneOnWith,  // the last message is the beginning of what follows
};

struct ConversationText {
  MarkedText text;
  bool opened_thinking = false;  // it ends inside <think>
};

// `variables`: of the chat template, as PromptEncoder::encode_messages() has them; their control tokens are
// text too. Throws Error where there is no chat template, where it refuses the messages or loses some
// (data/rendering.h), and where the last message has no text to go on with.
[[nodiscard]] ConversationText conversation_text(const PromptEncoder& encoder, const ControlMarks& marks,
                                                 const nlohmann::ordered_json& messages,
                                                 const nlohmann::ordered_json& variables, LastTurn last_turn);

// Its tokens.
[[nodiscard]] EncodedPrompt encode(const Tokenizer& tokenizer, const ConversationText& conversation);

}  // namespace deepscaler
