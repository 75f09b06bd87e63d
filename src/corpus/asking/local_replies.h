// Replies of a model in memory, by our own generator: the same tokens on every machine, alone or with others.
#pragma once

#include "corpus/asking/chat_model.h"

namespace deepscaler {

// ask() for a config without an endpoint.
[[nodiscard]] std::vector<Replies> ask_local(const ChatModelConfig& config,
                                             std::span<const ChatQuestion> questions, const Asking& asking);

}  // namespace deepscaler
