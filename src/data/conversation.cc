#include "data/conversation.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace deepscaler {

using Json = nlohmann::ordered_json;

std::vector<TextPiece> conversation_pieces(const Json& messages, size_t first_learned,
                                           const ChatTemplate& chat_template, const Json& variables,
                                           const std::string& where) {
  std::vector<TextPiece> pieces;
  std::string rendered;
  const auto continue_with = [&](size_t message, GenerationPrompt prompt, size_t count) {
    const Json first(messages.begin(), messages.begin() + static_cast<int64_t>(count));
    std::string text;
    try {
      text = chat_template.render(first, prompt, variables);
    } catch (const Error& error) {
      throw Error(where, error.what(), "write the messages as the model's chat template wants them");
    }
    if (!text.starts_with(rendered)) {
      throw Error(where,
                  fmt::format("the chat template does not render message {} as a continuation of what "
                              "comes before it",
                              message + 1),
                  "give the messages before it as \"prompt\" and its text as \"completion\"");
    }
    pieces.push_back({text.substr(rendered.size()), prompt == GenerationPrompt::kOmit});
    rendered = std::move(text);
  };
  for (size_t i = first_learned; i < messages.size(); ++i) {
    if (messages[i].at("role") != "assistant") continue;
    continue_with(i, GenerationPrompt::kAdd, i);
    continue_with(i, GenerationPrompt::kOmit, i + 1);
  }
  if (pieces.empty()) {
    throw Error(where, "its messages have no turn of the assistant to learn",
                "end them with {\"role\": \"assistant\", ...}");
  }
  return pieces;
}

}  // namespace deepscaler
