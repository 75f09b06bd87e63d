// The numbers of equations: x = 5 \tag{1}. TeX has them in displays only, where they are no part of what is
// said.
#pragma once

#include <cstddef>
#include <string_view>

namespace deepscaler {

// Without a closing \tag{1}, \tag*{(1)} or \eqno(1), if it holds a label and nothing that could be an
// answer's second half: "or 6", "0.5 cm".
[[nodiscard]] std::string_view without_tag(std::string_view formula);

// Whether what begins at `at` stands within $...$ or \(...\) of a line of text.
[[nodiscard]] bool stands_in_a_line(std::string_view text, size_t at);

}  // namespace deepscaler
