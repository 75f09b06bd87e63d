#include "data/conversation.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "data/rendering.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kGiveCompletion =
    "give the messages before it as \"prompt\" and its text as \"completion\"";

// What the formats of OpenAI, Mistral, axolotl and others call the weight of a message in the loss.
bool is_masked(const Json& message, size_t number, const std::string& where) {
  bool masked = false;
  for (const char* key : {"weight", "train", "trainable", "loss_mask"}) {
    if (!message.contains(key) || message[key].is_null()) continue;
    const Json& value = message[key];
    if (value != 0 && value != 1 && value != true && value != false) {
      throw Error(where, fmt::format("message {} has a \"{}\" of {}", number, key, value.dump()),
                  "a message is learned (1, true) or not (0, false)");
    }
    masked |= value == 0 || value == false;
  }
  return masked;
}

bool is_learned(const Json& message, size_t number, const std::string& where) {
  return !is_masked(message, number, where) && message.at("role") == "assistant";
}

std::string without_space(std::string_view text) {
  std::string rest;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') rest += c;
  }
  return rest;
}

// Templates move line breaks around; what else a turn says must be in its text.
void check_nothing_is_left_out(const Json& message, size_t number, std::string_view turn,
                               const std::string& where) {
  const std::string rendered = without_space(turn);
  for (const char* key : {"content", "reasoning_content", "reasoning", "thinking"}) {
    if (!message.contains(key) || !message[key].is_string()) continue;
    if (rendered.find(without_space(message[key].get_ref<const std::string&>())) != std::string::npos)
      continue;
    throw Error(
        where,
        fmt::format("the chat template leaves out a part of message {}'s \"{}\" (a chain of thought, say), "
                    "which would not be learned",
                    number, key),
        kGiveCompletion);
  }
}

// Renders ever longer beginnings of a conversation: all at once where the template writes turn by turn, which
// takes time in proportion to the text, else one by one, which takes its square.
class Renderer {
 public:
  Renderer(const Json& messages, const ChatTemplate& chat_template, const Json& variables,
           const std::string& where)
      : messages_(messages), chat_template_(chat_template), variables_(variables), where_(where) {
    try {
      turns_ = chat_template_.render_turns(messages_, variables_);
    } catch (const Error&) {
      // Which beginning the template refuses turns out one by one.
    }
  }

  // What the first `count` messages, never fewer than before, add to the text so far. `message` is the one
  // that it is for.
  std::string next(size_t count, GenerationPrompt prompt, size_t message) {
    std::string text = text_behind(count, prompt);
    if (!text.starts_with(loose_)) {
      throw Error(where_,
                  fmt::format("the chat template does not render message {} as a continuation of what "
                              "comes before it",
                              message + 1),
                  kGiveCompletion);
    }
    std::string added = text.substr(loose_.size());
    rendered_ += added;
    loose_ = std::move(text);
    if (turns_ && count > 0) {
      loose_ = loose_.substr(turns_->ends[count - 1] - settled_);
      settled_ = turns_->ends[count - 1];
    }
    return added;
  }

  // Nothing of what is rendered of the first `count` messages is lost.
  void check(size_t count) const {
    const Json first(messages_.begin(), messages_.begin() + static_cast<int64_t>(count));
    check_rendering(first, rendered_, chat_template_, variables_, where_);
  }

 private:
  // The text of the first messages, behind what is settled of it.
  std::string text_behind(size_t count, GenerationPrompt prompt) {
    if (turns_ && count > 0) {
      return turns_->text.substr(settled_, turns_->ends[count - 1] - settled_) +
             (prompt == GenerationPrompt::kAdd ? turns_->opened : turns_->closed);
    }
    while (first_.size() < count) first_.push_back(messages_[first_.size()]);
    try {
      return chat_template_.render(first_, prompt, variables_);
    } catch (const Error& error) {
      throw Error(where_, error.what(), "write the messages as the model's chat template wants them");
    }
  }

  const Json& messages_;
  const ChatTemplate& chat_template_;
  const Json& variables_;
  const std::string& where_;
  std::optional<TurnTexts> turns_;
  Json first_ = Json::array();  // messages, where they are rendered one by one
  std::string rendered_;
  size_t settled_ = 0;  // bytes that every later text begins with
  std::string loose_;   // what was rendered behind them
};

}  // namespace

std::vector<TextPiece> conversation_pieces(const Json& messages, size_t first_learned,
                                           const ChatTemplate& chat_template, const Json& variables,
                                           const std::string& where) {
  std::vector<TextPiece> pieces;
  Renderer renderer(messages, chat_template, variables, where);
  size_t rendered = 0;
  for (size_t i = first_learned; i < messages.size(); ++i) {
    if (!is_learned(messages[i], i + 1, where)) continue;
    TextPiece before = {renderer.next(i, GenerationPrompt::kAdd, i), false};
    TextPiece turn = {renderer.next(i + 1, GenerationPrompt::kOmit, i), true};
    // Its beginning may stand in the prompt ("<think>").
    check_nothing_is_left_out(messages[i], i + 1, before.text + turn.text, where);
    pieces.push_back(std::move(before));
    pieces.push_back(std::move(turn));
    rendered = i + 1;
  }
  if (pieces.empty()) {
    throw Error(where, "its messages have no turn of the assistant to learn",
                "end them with {\"role\": \"assistant\", ...}");
  }
  renderer.check(rendered);
  return pieces;
}

}  // namespace deepscaler
