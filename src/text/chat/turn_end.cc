#include "text/chat/turn_end.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "text/jinja/python_text.h"

namespace deepscaler {
namespace {

constexpr std::string_view kSaid = "spoken.by.the.assistant";

std::string rendered_turn(const ChatTemplate& chat_template, const Tokenizer& tokenizer) {
  const auto messages = nlohmann::ordered_json::array(
      {{{"role", "user"}, {"content", "a"}}, {{"role", "assistant"}, {"content", kSaid}}});
  try {
    return chat_template.render(messages, GenerationPrompt::kOmit, template_variables(tokenizer));
  } catch (const Error&) {
    return "";  // what it refuses is told where messages of the user's are rendered
  }
}

}  // namespace

std::optional<TokenId> turn_end(const ChatTemplate& chat_template, const Tokenizer& tokenizer) {
  const std::string text = rendered_turn(chat_template, tokenizer);
  const size_t said = text.rfind(kSaid);
  if (said == std::string::npos) return std::nullopt;
  const auto behind =
      tokenizer.encode(std::string_view(text).substr(said + kSaid.size()), {.add_special_tokens = false});
  const auto found = std::ranges::find_if(behind, [&](TokenId id) {
    return tokenizer.is_added(id) && !jinja::strip(tokenizer.token_bytes(id)).empty();
  });
  return found == behind.end() ? std::nullopt : std::optional(*found);
}

}  // namespace deepscaler
