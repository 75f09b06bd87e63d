// Grading of the countdown task: reach a number with given ones, each used exactly once, with + - * / and
// brackets. Any right expression counts, so there is no reference answer to compare with; the reference
// says the task, "98 from 44, 19, 35".
//
// The expression is the boxed answer, plain or in LaTeX (\times, \cdot, \div, \frac), with "= 98" after it
// or not. Arithmetic is exact; work is bounded by the lengths below.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "verify/grade.h"

namespace deepscaler {

struct CountdownTask {
  int64_t target = 0;
  std::vector<int64_t> numbers;
};

// The task that a reference says, or nothing where it is not of that form: up to 16 numbers from 0 to
// 999,999,999, and such a target.
[[nodiscard]] std::optional<CountdownTask> parse_countdown(std::string_view reference);

// Grades one response like grade(): correct (reason `equal`), or wrong with `different` for an expression
// with another value or other numbers, `unparsable_answer` for what is no expression. Undecided only where
// the reference can't be read. Thread-safe; does not throw.
[[nodiscard]] Verdict grade_countdown(std::string_view reference, std::string_view response,
                                      bool prompt_opened_thinking);

}  // namespace deepscaler
