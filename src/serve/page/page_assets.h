// The text of the page's files (cmake/embed.cmake).
#pragma once

#include <string_view>

namespace deepscaler {

[[nodiscard]] std::string_view chat_html();
[[nodiscard]] std::string_view chat_css();
[[nodiscard]] std::string_view chat_script();
[[nodiscard]] std::string_view markdown_script();
[[nodiscard]] std::string_view math_script();

}  // namespace deepscaler
