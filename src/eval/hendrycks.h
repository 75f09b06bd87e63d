// The string comparison of MATH (D. Hendrycks et al., "Measuring mathematical problem solving with the MATH
// data set", 2021, math_equivalence.py), by which many published figures were graded: both answers are
// rewritten by the same few rules, and must then be the same string. For comparing graders; rewards use
// verify/grade.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace deepscaler {

// The answer after all rules. Nothing where the original raises an exception, and then compares the answers
// as they are.
[[nodiscard]] std::optional<std::string> hendrycks_form(std::string_view answer);

[[nodiscard]] bool hendrycks_equal(std::string_view a, std::string_view b);

}  // namespace deepscaler
