#include "data/grading.h"

#include <algorithm>

#include "verify/countdown.h"

namespace deepscaler {

Verdict grade_response(const Problem& problem, std::string_view response, bool prompt_opened_thinking) {
  if (problem.source != kCountdownKind || problem.answers.empty()) {
    return grade(problem.answers, response,
                 {.prompt_opened_thinking = prompt_opened_thinking, .problem = problem.problem});
  }
  return grade_countdown(problem.answers[0], response, prompt_opened_thinking);
}

bool is_gradable(const Problem& problem) {
  if (problem.source == kCountdownKind) {
    return problem.answers.size() == 1 && parse_countdown(problem.answers[0]).has_value();
  }
  return std::ranges::any_of(problem.answers, is_readable_reference);
}

}  // namespace deepscaler
