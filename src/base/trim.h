#pragma once

#include <string_view>

namespace deepscaler {

// A part of `text`: all but the spaces, tabs and line breaks at its ends.
[[nodiscard]] inline std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

}  // namespace deepscaler
