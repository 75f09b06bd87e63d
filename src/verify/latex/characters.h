// Characters of answers, byte by byte and in ASCII whatever the locale; bytes of UTF-8 count as letters.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace deepscaler {

[[nodiscard]] inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] inline bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] inline bool is_ascii_letter(char c) { return is_capital(c) || (c >= 'a' && c <= 'z'); }
[[nodiscard]] inline bool is_letter(char c) {
  return is_ascii_letter(c) || static_cast<unsigned char>(c) >= 0x80;
}

[[nodiscard]] inline char lower(char c) { return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c; }
[[nodiscard]] inline std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
  return result;
}

}  // namespace deepscaler
