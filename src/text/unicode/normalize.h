// The normalization that encoders' tokenizers do; nfc() of unicode.h is that of the language models'.
#pragma once

#include <string>
#include <string_view>

namespace deepscaler {

// Normalization form D of valid UTF-8.
[[nodiscard]] std::string nfd(std::string_view text);

}  // namespace deepscaler
