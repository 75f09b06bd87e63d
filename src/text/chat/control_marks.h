// What people write stays text: a message that holds "<|im_end|>" must not end its turn.
//
// A chat template is a program that makes one text of messages and control tokens. To tell the two apart
// afterwards, a mark is put before each control token in the messages, a character that stands nowhere else
// in them, and taken out again after rendering: no token begins in its place.
//
// Control tokens are special ones and those that look like them: "<|...|>" and the full-width form of
// DeepSeek. Other added tokens, such as "<think>" and "<tool_call>", are left to the template, which may look
// for them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// A text, and the places in it where no added token begins (EncodeOptions::plain_at).
struct MarkedText {
  std::string text;
  std::vector<size_t> plain_at;
};

// Immutable, thread-safe.
class ControlMarks {
 public:
  explicit ControlMarks(const Tokenizer& tokenizer);

  // A character that `text` does not hold. Throws Error where it holds all of those that may be taken.
  [[nodiscard]] static std::string unused_mark(std::string_view text);
  // A copy of `value` with the mark before every control token in its strings, keys apart.
  [[nodiscard]] nlohmann::ordered_json protect(const nlohmann::ordered_json& value,
                                               std::string_view mark) const;
  // The text without the marks, also where a template has written them as JSON does.
  [[nodiscard]] static MarkedText take_out(std::string_view rendered, std::string_view mark);

 private:
  [[nodiscard]] std::string protect_text(std::string_view text, std::string_view mark) const;

  AddedTokenFinder finder_;
};

}  // namespace deepscaler
