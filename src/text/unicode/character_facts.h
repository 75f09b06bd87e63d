// What unicode_tables.h says of one character, looked up in one step.
#pragma once

#include "text/unicode/unicode_tables.h"

namespace deepscaler {

[[nodiscard]] Category category_of(char32_t code);

// Whether versions of Unicode from 14 on may put it into another category than 16 does.
[[nodiscard]] bool is_newer(char32_t code);

// Whether text with it may not be in normalization form C: it has a combining class, decomposes to something
// else than itself, or composes with what is before it.
[[nodiscard]] bool moves_in_normalization(char32_t code);

}  // namespace deepscaler
