// A tokenizer without any training: a token for every byte and one that ends a text. For models that
// start from random weights, in tests and for teaching.
#pragma once

#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

inline constexpr TokenId kByteTokenizerEos = 256;  // bytes are tokens 0 to 255

[[nodiscard]] Tokenizer byte_tokenizer();

}  // namespace deepscaler
