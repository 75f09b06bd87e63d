// Texts of problems made comparable: the forms that data sets are decontaminated and deduplicated by.
// Bytes outside ASCII stay as they are. All are linear in the text and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

using Words = std::vector<std::string>;

// Lower case, cut at white space: s1's and open-r1's form.
[[nodiscard]] Words lower_words(std::string_view text);

// lower_words() of the text with a space for everything but letters, digits and bytes outside ASCII.
[[nodiscard]] Words plain_words(std::string_view text);

// Lower-case ASCII letters and digits, nothing else. "1+2" and "1-2" have the same.
[[nodiscard]] std::string letters_and_digits(std::string_view text);

// Text and mathematics without their dress: lower case; no white space, dollar signs, braces or spacing
// commands of LaTeX; one kind of \frac; no \left and \right; no punctuation but inside numbers. Operators
// stay.
[[nodiscard]] std::string bare_form(std::string_view text);

// bare_form() with "#" for every number: equal for problems that differ in their numbers alone.
[[nodiscard]] std::string numberless_form(std::string_view text);

}  // namespace deepscaler
