// Runs a chat template's syntax tree.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/template_syntax.h"
#include "text/jinja/template_turns.h"

namespace deepscaler::jinja {

using Variables = std::vector<std::pair<std::string, Value>>;

// The text that the template writes; strftime_now() tells the beginning of `day`. Throws Error naming `where`
// and the line for a fault of the template or of the values, for raise_exception(), and where work or nesting
// passes its bound. Where `ends` is given, it learns where the text stands after each item of a loop of the
// body.
[[nodiscard]] std::string evaluate_template(const Body& body, const Variables& variables,
                                            std::chrono::year_month_day day, const std::string& where,
                                            LoopEnds* ends = nullptr);

}  // namespace deepscaler::jinja
