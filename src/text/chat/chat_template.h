// Chat templates: a conversation as the text that the model was trained on.
//
// A model has its template as Jinja source. Rendering gives the bytes of transformers' apply_chat_template
// (jinja2's sandbox with trim_blocks and lstrip_blocks), for the part of the language that templates in wide
// use need. Anything else is refused with its line. Work and memory are bounded, whatever the template.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/chat/day.h"

namespace deepscaler {

class Tokenizer;
namespace jinja {
struct LoopEnds;
}

enum class GenerationPrompt {
  kOmit,  // the conversation ends with its last message
  kAdd,   // the assistant's turn is opened
};

// The text of a conversation, of which the texts of its beginnings are beginnings.
struct TurnTexts {
  std::string text;          // up to the end of the last message
  std::vector<size_t> ends;  // bytes of `text` up to the end of each message
  std::string closed;        // what follows a last message,
  std::string opened;        // and opens the assistant's turn
};

// Thread-safe.
class ChatTemplate {
 public:
  // `where` names the template in errors. Throws Error for a template that can't be read.
  explicit ChatTemplate(std::string_view source, std::string where = "chat template");
  ChatTemplate(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  // `messages`: a list of {"role", "content", ...}. `variables`: an object with the template's other
  // variables (template_variables() of the tokenizer, "enable_thinking", ...); `tools` and `documents` are
  // none where the object has none. The text holds all special tokens that belong there: encode it with
  // add_special_tokens = false. Throws Error, also where the template itself refuses the messages
  // (raise_exception).
  //
  // "thinking" and "reasoning" of a message are other names of "reasoning_content".
  [[nodiscard]] std::string render(const nlohmann::ordered_json& messages, GenerationPrompt generation_prompt,
                                   const nlohmann::ordered_json& variables) const;

  // What render() gives for every beginning of the messages, at once: text[0, ends[i]) and closed or opened
  // for the first i + 1 of them. Nothing for templates of which that is not certain
  // (text/jinja/template_turns.h).
  [[nodiscard]] std::optional<TurnTexts> render_turns(const nlohmann::ordered_json& messages,
                                                      const nlohmann::ordered_json& variables) const;

  // Sets the day that strftime_now() tells; today by default. Do not call it while another thread renders.
  void set_day(Day day) { day_ = day; }
  [[nodiscard]] Day day() const { return day_; }
  // Whether the template asks for the day.
  [[nodiscard]] bool asks_for_day() const;

 private:
  struct Parsed;
  [[nodiscard]] std::string render(const nlohmann::ordered_json& messages, GenerationPrompt generation_prompt,
                                   const nlohmann::ordered_json& variables, jinja::LoopEnds* ends) const;

  std::unique_ptr<const Parsed> parsed_;
  Day day_ = today();
};

// The tokenizer's own variables: bos_token, eos_token and pad_token, where it has them.
[[nodiscard]] nlohmann::ordered_json template_variables(const Tokenizer& tokenizer);

// Whether a rendered prompt has opened the chain of thought already: it ends with "<think>" and white
// space. The response then holds only the closing "</think>".
[[nodiscard]] bool opens_think(std::string_view prompt);

}  // namespace deepscaler
