// How the responses to a problem are graded: by equality with its answers, or by a rule of their own.
#pragma once

#include <optional>
#include <string_view>

#include "data/problem.h"
#include "verify/grade.h"

namespace deepscaler {

// A grader's name in problem files, "answer" or "countdown", and back; nothing for another name.
[[nodiscard]] std::string_view grader_name(Grader grader);
[[nodiscard]] std::optional<Grader> grader_from_name(std::string_view name);

// `prompt_opened_thinking` as in GradeOptions. Thread-safe; does not throw.
[[nodiscard]] Verdict grade_response(const Problem& problem, std::string_view response,
                                     bool prompt_opened_thinking);

// Whether the verifier can read the problem's answers, so that a response could be right.
[[nodiscard]] bool is_gradable(const Problem& problem);

}  // namespace deepscaler
