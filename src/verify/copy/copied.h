// Whether an answer only repeats the problem: "12+34" asked, "12+34" in the box.
//
// As values the two are equal, so comparing can't tell. An answer is a copy when it leaves more to do than
// the reference does (another sum, product, power, function, base to convert; a fraction or a root that can
// be reduced; repeating decimals) and stands in the problem where that asks for it (problem_text.h): whatever
// its spaces, styles and brackets, a lead-in or a unit around it, 0 added or 1 multiplied, its terms or
// factors in any order. Numbers alone are never copies, nor fractions in lowest terms, roots such as \sqrt{2}
// and numbers times a power of ten: what the problem mentions is often its answer.
#pragma once

#include <string_view>

#include "verify/algebra/steps.h"

namespace deepscaler {

// Longer problems are not searched.
inline constexpr size_t kMaxProblemBytes = size_t{1} << 16;

// The caller has compared `answer` and `reference`, given as they are written: they are equal, or may be. The
// answer is looked for as it is written first, then in other orders; what is not found before `steps` are
// exhausted is no copy. Linear in the problem; thread-safe.
[[nodiscard]] bool is_copied(std::string_view answer, std::string_view reference, std::string_view problem,
                             Steps& steps);

// Whether the problem asks for this expression, as it is written: for m + n where it says "Find m + n". False
// where `steps` are exhausted. Linear in the problem; thread-safe.
[[nodiscard]] bool is_asked_for(std::string_view expression, std::string_view problem, Steps& steps);

}  // namespace deepscaler
