// Replies of a model behind HTTP (fetch/chat_endpoint.h): a request a sample, with a seed of its own, since
// many servers have no `n`.
#pragma once

#include "corpus/asking/chat_model.h"

namespace deepscaler {

// ask() for a config with an endpoint.
[[nodiscard]] std::vector<Replies> ask_endpoint(const ChatModelConfig& config,
                                                std::span<const ChatQuestion> questions,
                                                const Asking& asking);

}  // namespace deepscaler
