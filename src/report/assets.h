// The parts of the report's page, built into the program from page.html, page.css and page.js.
#pragma once

#include <string_view>

namespace deepscaler {

[[nodiscard]] std::string_view page_html();
[[nodiscard]] std::string_view page_css();
[[nodiscard]] std::string_view page_script();

}  // namespace deepscaler
