// The few facts about Unicode text that tokenizers need.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deepscaler {

// One character and how many bytes of the text it takes.
struct Utf8Char {
  char32_t code = 0;
  size_t bytes = 0;
};

// The character that starts at `text[at]`; `text` is valid UTF-8 and at < text.size().
[[nodiscard]] Utf8Char utf8_char_at(std::string_view text, size_t at);

// The character that ends before `text[end]`; `text` is valid UTF-8 and end > 0.
[[nodiscard]] Utf8Char utf8_char_before(std::string_view text, size_t end);

void append_utf8(char32_t code, std::string& text);

// Bytes at the front of `text` that are valid UTF-8.
[[nodiscard]] size_t valid_utf8_prefix(std::string_view text);

// Bytes at the end of `text` that begin a character and lack its rest (0 to 3).
[[nodiscard]] size_t unfinished_utf8_suffix(std::string_view text);

// `text` with U+FFFD for every maximal piece that is not UTF-8 (Unicode 15, section 3.9, "U+FFFD
// Substitution of Maximal Subparts"; the same as Python's errors="replace").
[[nodiscard]] std::string repaired_utf8(std::string_view text);

// Normalization form C of valid UTF-8.
[[nodiscard]] std::string nfc(std::string_view text);

[[nodiscard]] bool is_white_space(char32_t code);  // the property White_Space
[[nodiscard]] bool is_numeric(char32_t code);      // the general categories Nd, Nl and No
[[nodiscard]] bool is_word(char32_t code);         // letters, marks, decimal digits, connectors
[[nodiscard]] bool is_printable(char32_t code);  // no control, format, unassigned or separator but the space

[[nodiscard]] char32_t upper_case(char32_t code);  // the simple, one-to-one mappings
[[nodiscard]] char32_t lower_case(char32_t code);

}  // namespace deepscaler
