// A user's input of one or more lines: """ begins and ends one of several lines, and \ at the end of a line
// goes on in the next.
#pragma once

#include <string>

namespace deepscaler {

class TurnInput {
 public:
  // Whether the input is complete with this line, which has no line break at its end.
  [[nodiscard]] bool push(const std::string& line);
  // The input, without its marks; another one begins.
  [[nodiscard]] std::string take();

  // A line was pushed, and the input is not complete.
  [[nodiscard]] bool goes_on() const { return quoted_ || !text_.empty(); }

 private:
  std::string text_;
  bool quoted_ = false;
};

}  // namespace deepscaler
