// What a sentence of prose says: its formula, its last number, or the value behind its "is".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace deepscaler {

// The rest of the sentence that begins at `at`; a display that stands there belongs to it.
[[nodiscard]] std::string_view sentence_from(std::string_view text, size_t at);

// The answer in a sentence such as "x is $5$ dollars, which is the total": its box, what it says that the
// asked quantity is, its one formula, or the sentence itself without emphasis and quotes.
[[nodiscard]] std::string answer_of_sentence(std::string_view sentence);

// The last formula of a text, or what its sentence says of it: "The largest $n$ is 34.".
[[nodiscard]] std::optional<std::string> answer_of_last_formula(std::string_view text);

// The last number that is no part of a word, with the whole number of a mixed one and a percent sign.
[[nodiscard]] std::optional<std::string_view> last_number(std::string_view text);

[[nodiscard]] size_t count_formulas(std::string_view text);

}  // namespace deepscaler
