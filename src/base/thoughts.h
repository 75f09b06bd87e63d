#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

#include "base/trim.h"

namespace deepscaler {

// A chain of thought and the answer after it as one text, as DeepSeek-R1 writes them.
[[nodiscard]] inline std::string with_thoughts(std::string_view thoughts, std::string_view answer) {
  return fmt::format("<think>\n{}\n</think>\n\n{}", trim(thoughts), trim(answer));
}

// Thoughts that break off before an answer.
[[nodiscard]] inline std::string unfinished_thoughts(std::string_view thoughts) {
  return fmt::format("<think>\n{}", trim(thoughts));
}

}  // namespace deepscaler
