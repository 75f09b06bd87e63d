// How the responses to a problem are graded: by equality with its answers, or by a rule of its own kind.
#pragma once

#include <string_view>

#include "data/problem.h"
#include "verify/grade.h"

namespace deepscaler {

// Problems whose `source` (the "kind" of a problem file) is this are tasks of verify/countdown.h.
inline constexpr std::string_view kCountdownKind = "countdown";

// `prompt_opened_thinking` as in GradeOptions. Thread-safe; does not throw.
[[nodiscard]] Verdict grade_response(const Problem& problem, std::string_view response,
                                     bool prompt_opened_thinking);

// Whether anyone could be right by the problem's answers.
[[nodiscard]] bool is_gradable(const Problem& problem);

}  // namespace deepscaler
