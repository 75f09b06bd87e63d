// Reading an answer: LaTeX or plain text into a tree, by one tolerant grammar.
//
// Depth and size are bounded (expr.h), time is linear in the text up to that. What the grammar does
// not know is no error but "not readable": the caller decides what that means.
#pragma once

#include <optional>
#include <string_view>

#include "verify/algebra/expr.h"

namespace deepscaler {

// The answer in `text`, or nothing when it is empty, too long or not an answer. Thread-safe.
[[nodiscard]] std::optional<Expr> parse_answer(std::string_view text);

}  // namespace deepscaler
