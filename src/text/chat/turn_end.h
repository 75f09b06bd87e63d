// How a chat template ends a turn of the assistant.
#pragma once

#include <optional>

#include "text/chat/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// The first added token that the template writes after the assistant's text, white space apart. Nothing where
// the template writes none, or refuses a question and an answer.
[[nodiscard]] std::optional<TokenId> turn_end(const ChatTemplate& chat_template, const Tokenizer& tokenizer);

}  // namespace deepscaler
