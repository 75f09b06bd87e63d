// Numbers written in words: "twenty-one", "one hundred and five", "two thirds", "three and a half", and
// the names of places in a row: "fifth" is 5th.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "verify/algebra/rational.h"

namespace deepscaler {

// The value of lower-case words, "and" among them; nullopt where they are no number.
[[nodiscard]] std::optional<Rational> number_of_words(std::span<const std::string> words);

// What "thirds", "quarter" or "trillionths" divide by; 0 for other words, "second" among them.
[[nodiscard]] slong denominator_of(std::string_view word);

// Whether a lower-case word can be a part of such a number.
[[nodiscard]] bool is_number_word(std::string_view word);

// "fifth" and "twenty-first" as 5 and 21; nullopt for other words.
[[nodiscard]] std::optional<int> ordinal_of_words(std::span<const std::string> words);

}  // namespace deepscaler
