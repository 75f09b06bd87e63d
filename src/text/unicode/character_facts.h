// The facts of unicode_tables.h about one character, looked up in one step.
#pragma once

#include "text/unicode/unicode_tables.h"

namespace deepscaler {

[[nodiscard]] Category category_of(char32_t code);

// Whether some version of Unicode from 14 on may put the character into another category than version 16
// does.
[[nodiscard]] bool is_newer(char32_t code);

// Whether a text with this character may not be in normalization form C: the character has a combining class,
// decomposes to something else, or composes with the one before it.
[[nodiscard]] bool moves_in_normalization(char32_t code);

}  // namespace deepscaler
