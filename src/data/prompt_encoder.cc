#include "data/prompt_encoder.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace deepscaler {

PromptEncoder::PromptEncoder(const Tokenizer& tokenizer, PromptConfig config)
    : tokenizer_(tokenizer), config_(std::move(config)) {
  (void)make_prompt(config_.text, "");
  if (tokenizer.chat_template()) chat_template_.emplace(*tokenizer.chat_template());
  if (!config_.system.empty() && !chat_template_) {
    throw Error("prompt.system", "the model has no chat template that could take a system message",
                "put the text into the prompt itself");
  }
  if (!tokenizer.eos()) {
    throw Error("tokenizer", "it has no end-of-text token", "use a model whose responses can end");
  }
}

EncodedPrompt PromptEncoder::encode(const Problem& problem) const {
  return encode_turn(make_prompt(config_.text, problem.problem));
}

EncodedPrompt PromptEncoder::encode_turn(std::string_view user) const {
  if (!chat_template_) return {tokenizer_.encode(user), false};
  auto messages = nlohmann::ordered_json::array();
  if (!config_.system.empty()) messages.push_back({{"role", "system"}, {"content", config_.system}});
  messages.push_back({{"role", "user"}, {"content", user}});
  return encode_messages(messages);
}

EncodedPrompt PromptEncoder::encode_messages(const nlohmann::ordered_json& messages) const {
  if (!chat_template_) {
    throw Error("messages", "the model has no chat template", "give a \"prompt\" instead");
  }
  const std::string text =
      chat_template_->render(messages, GenerationPrompt::kAdd, template_variables(tokenizer_));
  return {tokenizer_.encode(text, {.add_special_tokens = false}), opens_think(text)};
}

}  // namespace deepscaler
