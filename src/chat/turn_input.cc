#include "chat/turn_input.h"

#include <string_view>
#include <utility>

namespace deepscaler {

bool TurnInput::push(const std::string& line) {
  constexpr std::string_view kQuotes = R"(""")";
  std::string_view rest = line;
  if (!quoted_ && text_.empty() && rest.starts_with(kQuotes)) {
    quoted_ = true;
    rest.remove_prefix(kQuotes.size());
    if (rest.empty()) return false;
  }
  if (quoted_) {
    const bool ends = rest.ends_with(kQuotes);
    if (ends) rest.remove_suffix(kQuotes.size());
    text_ += rest;
    if (ends && rest.empty() && text_.ends_with('\n'))
      text_.pop_back();  // the quotes had a line of their own
    if (!ends) text_ += '\n';
    return ends;
  }
  const bool goes_on = rest.ends_with('\\');
  if (goes_on) rest.remove_suffix(1);
  text_ += rest;
  if (goes_on) text_ += '\n';
  return !goes_on;
}

std::string TurnInput::take() {
  quoted_ = false;
  return std::exchange(text_, {});
}

}  // namespace deepscaler
