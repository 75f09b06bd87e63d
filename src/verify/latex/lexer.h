// LaTeX or plain text as tokens: Unicode, spacing, styles, thousands separators and synonyms are
// gone, so that the grammar sees one spelling of each thing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

struct Token {
  enum class Kind : uint8_t {
    number,   // digits, perhaps with a point and an exponent: "12", ".5", "4.5e33"
    letter,   // one letter of mathematics
    word,     // letters of running text, or a run of letters in mathematics
    command,  // a LaTeX command without its backslash
    mark,     // punctuation; \{ and \} are "{." and "}.", a line break "\\", bars with a side "|(" and "|)"
    end,
  };
  Kind kind = Kind::end;
  bool text_mode = false;  // inside \text{...}
  bool space_before = false;
  std::string text = {};

  [[nodiscard]] bool is_mark(std::string_view mark) const { return kind == Kind::mark && text == mark; }
  [[nodiscard]] bool is_command(std::string_view name) const { return kind == Kind::command && text == name; }
  // A word of this spelling, in running text or not, whatever its case.
  [[nodiscard]] bool is_word(std::string_view lower_case) const;

  friend bool operator==(const Token& a, const Token& b) { return a.kind == b.kind && a.text == b.text; }
};

// Longer answers are not read at all: nobody's final answer is.
inline constexpr size_t kMaxAnswerBytes = 16384;

// All tokens, then one `end`. Linear, any bytes.
[[nodiscard]] std::vector<Token> tokenize(std::string_view text);

}  // namespace deepscaler
