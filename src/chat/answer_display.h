// An answer on a terminal while it comes: thoughts dim or folded, then the answer, both wrapped.
#pragma once

#include <cstdint>
#include <string>

#include "chat/terminal_text.h"
#include "generate/thinking_split.h"

namespace deepscaler {

inline constexpr const char* kDim = "\x1b[2m";
inline constexpr const char* kPlain = "\x1b[0m";

// For one answer; returns what to write.
class AnswerDisplay {
 public:
  struct Look {
    int64_t columns = 0;  // of the terminal; 0 wraps nothing
    bool is_styled = false;
    bool shows_thoughts = true;
  };

  explicit AnswerDisplay(Look look) : look_(look), text_(look.columns) {}

  [[nodiscard]] std::string push(const AnswerPiece& piece);
  // What is left when the answer is over: a line break at its end, and the terminal's plain style.
  [[nodiscard]] std::string finish();

 private:
  enum class Part { kNothing, kThoughts, kAnswer };

  void begin_thoughts(std::string& out);
  void end_thoughts(std::string& out);

  Look look_;
  TerminalText text_;
  Part part_ = Part::kNothing;
};

}  // namespace deepscaler
