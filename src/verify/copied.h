// Whether an answer only repeats the problem: "12+34" asked, "12+34" in the box.
//
// As values the two are equal, so comparing can't tell. An answer is a copy when it leaves more to do than
// the reference does (another sum, product, power, function, base to convert; a fraction or a root that can
// be reduced; repeating decimals) and stands in the problem, whatever its spaces, styles and brackets, its
// terms or factors in any order. Numbers alone are never copies, nor fractions in lowest terms, roots such as
// \sqrt{2} and numbers times a power of ten: what the problem mentions is often its answer.
#pragma once

#include <string_view>

namespace deepscaler {

// Longer problems are not searched.
inline constexpr size_t kMaxProblemBytes = size_t{1} << 16;

// `answer` is equal to `reference`, both as they are written. Linear in the problem; thread-safe.
[[nodiscard]] bool is_copied(std::string_view answer, std::string_view reference, std::string_view problem);

}  // namespace deepscaler
