// A model's text as it may stand on a terminal: wrapped between words by the width at which it is shown, and
// without control characters, by which a model could move the cursor, set the window's title or answer in the
// user's name. A word is held back until it ends, so that it never has to be taken back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deepscaler {

// The text without C0 and C1 controls but for line breaks and tabs, and without marks that turn the direction
// of writing around. What is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string without_controls(std::string_view text);

// One text, which begins at the left edge and comes in pieces of whole characters.
class TerminalText {
 public:
  // `columns`: how many the terminal has; 0 wraps nothing.
  explicit TerminalText(int64_t columns) : columns_(columns) {}

  // What to write now.
  [[nodiscard]] std::string push(std::string_view text);
  // What is held back when the text is over.
  [[nodiscard]] std::string finish();

  // The terminal has another width from here on.
  void resize(int64_t columns) { columns_ = columns; }
  [[nodiscard]] bool is_at_left_edge() const { return column_ == 0 && word_.empty() && spaces_ == 0; }

 private:
  void put_word(std::string& out);
  void break_line(std::string& out);

  int64_t columns_;
  int64_t column_ = 0;  // behind what was written
  int64_t spaces_ = 0;  // seen, and not yet written: none are at the end of a wrapped line
  std::string word_;
  int64_t word_columns_ = 0;
};

}  // namespace deepscaler
