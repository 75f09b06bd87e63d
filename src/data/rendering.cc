#include "data/rendering.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ranges>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "formats/excerpt.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// The texts of a message that are not blank: its content, or those of the content's parts.
std::vector<Json*> texts_of(Json& message) {
  std::vector<Json*> texts;
  const auto add = [&](Json& text) {
    const bool said = text.is_string() &&
                      text.get_ref<const std::string&>().find_first_not_of(" \t\r\n") != std::string::npos;
    if (said) texts.push_back(&text);
  };
  if (!message.is_object() || !message.contains("content")) return texts;
  Json& content = message["content"];
  add(content);
  if (!content.is_array()) return texts;
  for (Json& part : content) {
    if (part.is_object() && part.contains("text")) add(part["text"]);
  }
  return texts;
}

// Stands for a text, whatever a template does with it: digits survive trimming, quoting and capitals.
std::string mark(size_t number) { return fmt::format("8245170{:07}", number); }

class RenderingCheck {
 public:
  RenderingCheck(const Json& messages, std::string_view rendered, const std::string& where)
      : messages_(messages), rendered_(rendered), where_(where) {}

  // Renders the messages once more, with a mark in place of every text: a text whose mark is not there is
  // lost.
  void nothing_is_left_out(const ChatTemplate& chat_template, const Json& variables) const {
    Json marked = messages_;
    std::vector<size_t> message_of;
    for (size_t i = 0; i < marked.size(); ++i) {
      for (Json* text : texts_of(marked[i])) {
        *text = mark(message_of.size());
        message_of.push_back(i);
      }
    }
    std::string text;
    try {
      text = chat_template.render(marked, GenerationPrompt::kOmit, variables);
    } catch (const Error&) {
      return;  // it reads what the messages say
    }
    const auto is_lost = [&](size_t number) { return text.find(mark(number)) == std::string::npos; };
    const auto numbers = std::views::iota(size_t{0}, message_of.size());
    if (!numbers.empty() && std::ranges::all_of(numbers, is_lost)) {
      log_warning("{}: the chat template writes nothing of what the messages say", where_);
      return;
    }
    const auto lost = std::ranges::find_if(numbers, is_lost);
    if (lost == numbers.end()) return;
    fail(message_of[*lost], "leaves out what is said in",
         "give the message a role and a place that the template knows");
  }

  void parts_are_read() const {
    if (rendered_.find("'type': 'text'") == std::string_view::npos) return;
    for (size_t i = 0; i < messages_.size(); ++i) {
      if (!messages_[i].is_object() || !messages_[i].value("content", Json()).is_array()) continue;
      fail(i, "takes no list of parts, but prints it, as the content of", "write the content as one text");
    }
  }

  void arguments_are_quoted_once() const {
    for (size_t i = 0; i < messages_.size(); ++i) {
      const Json calls = messages_[i].is_object() ? messages_[i].value("tool_calls", Json()) : Json();
      if (!calls.is_array()) continue;
      for (const Json& call : calls) {
        const Json function = call.is_object() ? call.value("function", call) : Json();
        const Json arguments = function.is_object() ? function.value("arguments", Json()) : Json();
        if (!is_quoted_json(arguments)) continue;
        fail(i, "quotes the arguments, which are JSON in a text, of the tool call in",
             "write them as an object: {\"key\": value}");
      }
    }
  }

 private:
  [[nodiscard]] bool is_quoted_json(const Json& arguments) const {
    if (!arguments.is_string() || !Json::accept(arguments.get_ref<const std::string&>())) return false;
    const std::string quoted = arguments.dump(-1, ' ', false, Json::error_handler_t::replace);
    return rendered_.find(quoted) != std::string_view::npos;
  }

  [[noreturn]] void fail(size_t index, const char* what, const char* remedy) const {
    const Json role = messages_[index].value("role", Json());
    const std::string of = role.is_string() ? " (of " + excerpt(role.get<std::string>()) + ")" : "";
    throw Error(where_, fmt::format("the chat template {} message {}{}", what, index + 1, of), remedy);
  }

  const Json& messages_;
  std::string_view rendered_;
  const std::string& where_;
};

}  // namespace

void check_rendering(const Json& messages, std::string_view rendered, const ChatTemplate& chat_template,
                     const Json& variables, const std::string& where) {
  if (!messages.is_array()) return;
  const RenderingCheck check(messages, rendered, where);
  check.parts_are_read();
  check.arguments_are_quoted_once();
  check.nothing_is_left_out(chat_template, variables);
}

}  // namespace deepscaler
