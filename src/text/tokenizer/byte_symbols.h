// Byte-level BPE writes each byte as a printable character, so that tokens are ordinary strings
// (Radford et al., "Language models are unsupervised multitask learners", 2019; encoder.py).
// Printable bytes of Latin-1 stand for themselves, the other 68 become U+0100, U+0101, ...
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace deepscaler {

// The character that stands for each byte.
[[nodiscard]] const std::array<char32_t, 256>& byte_symbols();

// The bytes that a token's symbols stand for; nothing where one of its characters is no symbol.
[[nodiscard]] std::optional<std::string> bytes_of_symbols(std::string_view token);

}  // namespace deepscaler
