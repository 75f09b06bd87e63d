// DeepScaleR's rule of which answers can be graded: what its grader, sympy behind a normalization, is let at
// (`should_allow_eval` of deepscaler/rewards/math_utils).
#pragma once

#include <string>
#include <string_view>

namespace deepscaler {

// Not more than two distinct letters besides "sqrt" and "frac", no "^{" or "^(", no exponent of two digits
// and no tower of exponents. `answer` is normalized. Linear in the text.
[[nodiscard]] bool deepscaler_allows(std::string_view answer);

// The answer in the form that the rule is asked about: lower case, without spaces, dollar signs, braces,
// units and \text, \frac{a}{b} as a/b and commands as words. The original asks pylatexenc; this is close to
// it for answers of one line.
[[nodiscard]] std::string deepscaler_normalized(std::string_view answer);

}  // namespace deepscaler
