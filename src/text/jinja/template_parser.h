// Reads a chat template into its syntax tree, by Jinja's grammar and precedence.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/template_syntax.h"

namespace deepscaler::jinja {

// Throws Error naming `where` and the line for what is no Jinja and for what is not supported
// (inheritance, includes, recursive loops, ...). Nesting is bounded.
[[nodiscard]] Body parse_template(std::string_view source, const std::string& where);

}  // namespace deepscaler::jinja
