// How a chat template ends a turn of the assistant.
#pragma once

#include <optional>

#include "text/chat/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// The first added token behind what the assistant says, white space apart. Nothing where a turn ends without
// one, or the template does not take a question and an answer.
[[nodiscard]] std::optional<TokenId> turn_end(const ChatTemplate& chat_template, const Tokenizer& tokenizer);

}  // namespace deepscaler
