#include "data/prompt_encoder.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/rendering.h"
#include "text/chat/turn_end.h"

namespace deepscaler {

using Json = nlohmann::ordered_json;

PromptEncoder::PromptEncoder(const Tokenizer& tokenizer, PromptConfig config)
    : tokenizer_(tokenizer), config_(std::move(config)) {
  (void)make_prompt(config_.text, "");
  if (tokenizer.chat_template()) chat_template_.emplace(*tokenizer.chat_template());
  if (!config_.system.empty() && !chat_template_) {
    throw Error("prompt.system", "the model has no chat template that could take a system message",
                "put the text into the prompt itself");
  }
  if (tokenizer.ends().empty()) {
    throw Error("tokenizer", "it has no end-of-text token", "use a model whose responses can end");
  }
  end_of_text_ = end_of_turn_ = tokenizer.eos().value_or(tokenizer.ends().front());
  if (!config_.variables().empty() && !chat_template_) {
    throw Error("prompt", "the model has no chat template that could take tools or variables",
                "leave them out");
  }
  if (!config_.date.empty()) (void)day_from_text(config_.date, "prompt.date");
  if (!chat_template_) return;
  if (!config_.date.empty()) chat_template_->set_day(day_from_text(config_.date, "prompt.date"));
  end_of_turn_ = turn_end(*chat_template_, tokenizer).value_or(end_of_text_);
}

Json PromptEncoder::variables(const Json& more) const {
  Json variables = template_variables(tokenizer_);
  variables.update(config_.variables());
  variables.update(more);
  if (variables.contains("tools") && tokenizer_.has_template_for_tools()) {
    throw Error("tools", "the model has a chat template of its own for them, which is not supported",
                "write them into the system message");
  }
  return variables;
}

std::optional<std::string> PromptEncoder::day() const {
  return chat_template_ && chat_template_->asks_for_day() ? std::optional(day_text(chat_template_->day()))
                                                          : std::nullopt;
}

EncodedPrompt PromptEncoder::encode(const Problem& problem) const {
  return encode_turn(make_prompt(config_.text, problem.problem));
}

std::vector<TokenId> PromptEncoder::encode_text(std::string_view text, const std::string& where) const {
  std::vector<TokenId> tokens = tokenizer_.encode(text, {.add_special_tokens = false});
  const std::span<const TokenId> before = tokenizer_.prefix();
  if (!before.empty() && !tokens.empty() && tokens.front() == before.back()) {
    throw Error(where,
                fmt::format("the text begins with {}, which the tokenizer puts before every text: the model "
                            "would read it twice",
                            tokenizer_.token_bytes(before.back())),
                "leave it out of the text");
  }
  tokens.insert(tokens.begin(), before.begin(), before.end());
  return tokens;
}

EncodedPrompt PromptEncoder::encode_turn(std::string_view user) const {
  if (!chat_template_) return {encode_text(user, "prompt"), false};
  auto messages = Json::array();
  if (!config_.system.empty()) messages.push_back({{"role", "system"}, {"content", config_.system}});
  messages.push_back({{"role", "user"}, {"content", user}});
  return encode_messages(messages);
}

EncodedPrompt PromptEncoder::encode_messages(const Json& messages) const {
  return encode_messages(messages, Json::object());
}

EncodedPrompt PromptEncoder::encode_messages(const Json& messages, const Json& more) const {
  if (!chat_template_) {
    throw Error("messages", "the model has no chat template", "give a \"prompt\" instead");
  }
  const Json all = variables(more);
  const std::string text = chat_template_->render(messages, GenerationPrompt::kAdd, all);
  check_rendering(messages, text, *chat_template_, all, "messages");
  return {tokenizer_.encode(text, {.add_special_tokens = false}), opens_think(text)};
}

}  // namespace deepscaler
