// Problems with options to choose from: finding the options in the problem's text.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace deepscaler {

// The options by their letters, A to H: "(A) 12 (B) 15", "\textbf{(A)}\ 12 \qquad\textbf{(B)}\ 15", or lines
// "A. 12", "A) 12", "A: 12". Empty where the text has not at least A and B in order. Linear in the text;
// thread-safe.
[[nodiscard]] std::map<char, std::string> choices_of(std::string_view problem);

// The letter of an answer that is one: "B", "(B)", "\text{(B)}", "\textbf{(B)}\ 15"; 0 for other answers.
[[nodiscard]] char chosen_letter(std::string_view answer);

}  // namespace deepscaler
