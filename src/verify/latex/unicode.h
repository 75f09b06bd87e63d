// Unicode mathematics in LaTeX's words, so that the reader knows one spelling only.
#pragma once

#include <string>
#include <string_view>

namespace deepscaler {

// Replaces what has a LaTeX name (pi, the root sign, minus, superscripts, vulgar fractions, ...);
// other characters, control characters (as spaces) and invalid bytes pass through. Linear.
[[nodiscard]] std::string latex_of_unicode(std::string_view text);

}  // namespace deepscaler
