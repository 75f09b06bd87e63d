#include "data/conversation_text.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/rendering.h"

namespace deepscaler {

using Json = nlohmann::ordered_json;

ConversationText conversation_text(const PromptEncoder& encoder, const ControlMarks& marks,
                                   const Json& messages, const Json& variables, LastTurn last_turn) {
  const ChatTemplate* chat_template = encoder.chat_template();
  if (chat_template == nullptr)
    throw Error("messages", "the model has no chat template", "give a \"prompt\" instead");
  const std::string mark = ControlMarks::unused_mark(messages.dump() + variables.dump());
  const Json marked = marks.protect(messages, mark);
  const Json all = encoder.variables(marks.protect(variables, mark));
  const bool opens = last_turn == LastTurn::kOpensAnswer;
  std::string text =
      chat_template->render(marked, opens ? GenerationPrompt::kAdd : GenerationPrompt::kOmit, all);
  check_rendering(marked, text, *chat_template, all, "messages");
  if (last_turn == LastTurn::kIsGoneOnWith) {
    const auto last = marked.back()["content"].get<std::string>();
    const size_t at = text.rfind(last);
    if (last.empty() || at == std::string::npos)
      throw Error("messages", "the last one has no text to go on with", "let it end in some");
    text.resize(at + last.size());
  }
  ConversationText conversation{ControlMarks::take_out(text, mark)};
  conversation.opened_thinking = opens && opens_think(conversation.text.text);
  return conversation;
}

EncodedPrompt encode(const Tokenizer& tokenizer, const ConversationText& conversation) {
  return {tokenizer.encode(conversation.text.text,
                           {.add_special_tokens = false, .plain_at = conversation.text.plain_at}),
          conversation.opened_thinking};
}

}  // namespace deepscaler
