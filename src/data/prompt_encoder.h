// From a problem to the token numbers of a model's prompt: the prompt template, the model's chat
// template, the tokenizer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/problem.h"
#include "data/prompt.h"
#include "text/chat/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

struct EncodedPrompt {
  std::vector<TokenId> tokens;
  bool opened_thinking = false;  // it ends inside <think>, so a response holds only </think>
};

// Thread-safe; the tokenizer must outlive it.
class PromptEncoder {
 public:
  // Throws Error where the prompt template has no {problem}. A model without a chat template gets the
  // user's turn as it is; a system message is then refused.
  PromptEncoder(const Tokenizer& tokenizer, PromptConfig config);

  [[nodiscard]] EncodedPrompt encode(const Problem& problem) const;
  // A text to go on with: the tokens that the tokenizer puts before every text, then its own. Throws Error
  // naming `where` for a text that begins with them itself.
  [[nodiscard]] std::vector<TokenId> encode_text(std::string_view text, const std::string& where) const;
  // Encodes a user's turn as it is, without the prompt template.
  [[nodiscard]] EncodedPrompt encode_turn(std::string_view user) const;
  // A conversation, [{"role", "content"}, ...], through the chat template. Throws Error where there is
  // none, where it refuses the messages, or loses some (data/rendering.h).
  [[nodiscard]] EncodedPrompt encode_messages(const nlohmann::ordered_json& messages) const;
  // Encodes a conversation with variables that win over those of the config.
  [[nodiscard]] EncodedPrompt encode_messages(const nlohmann::ordered_json& messages,
                                              const nlohmann::ordered_json& variables) const;

  // The chat template's variables: the tokenizer's tokens, the config's variables, and `more`, which wins
  // over both.
  [[nodiscard]] nlohmann::ordered_json variables(const nlohmann::ordered_json& more) const;

  // The tokens that end the assistant's turn in a conversation, and a plain text.
  [[nodiscard]] TokenId end_of_turn() const { return end_of_turn_; }
  [[nodiscard]] TokenId end_of_text() const { return end_of_text_; }
  // The day that the chat template is told; nothing where it does not ask.
  [[nodiscard]] std::optional<std::string> day() const;

  [[nodiscard]] const PromptConfig& config() const { return config_; }
  [[nodiscard]] const Tokenizer& tokenizer() const { return tokenizer_; }
  // The model's chat template, or null. Lives as long as this object.
  [[nodiscard]] const ChatTemplate* chat_template() const {
    return chat_template_ ? &*chat_template_ : nullptr;
  }

 private:
  const Tokenizer& tokenizer_;
  PromptConfig config_;
  std::optional<ChatTemplate> chat_template_;
  TokenId end_of_text_ = 0;
  TokenId end_of_turn_ = 0;
};

}  // namespace deepscaler
