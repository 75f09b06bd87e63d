// The words behind a number: those that only say what it counts ("9 values", "3 hours of work"), and those
// that change what it says ("9 or so", "9 is wrong"). Any other word makes it no number: "9 foo" is
// no 9.
#pragma once

#include <string_view>

namespace deepscaler {

// Arguments must be in lower case.

// Whether a phrase with this word says something else than its number.
[[nodiscard]] bool changes_the_number(std::string_view word);
// A plural by its form, or one of the singulars and irregular plurals that are known.
[[nodiscard]] bool is_counted_noun(std::string_view word);
// What may stand behind a noun or alone: "old", "each", "in all".
[[nodiscard]] bool follows_a_noun(std::string_view word);

}  // namespace deepscaler
