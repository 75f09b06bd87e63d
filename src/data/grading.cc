#include "data/grading.h"

#include <algorithm>

#include "verify/countdown.h"

namespace deepscaler {

namespace {

struct NamedGrader {
  std::string_view name;
  Grader grader;
};
constexpr NamedGrader kGraders[] = {{"answer", Grader::kAnswer}, {"countdown", Grader::kCountdown}};

}  // namespace

std::string_view grader_name(Grader grader) {
  return std::ranges::find(kGraders, grader, &NamedGrader::grader)->name;
}

std::optional<Grader> grader_from_name(std::string_view name) {
  const auto* found = std::ranges::find(kGraders, name, &NamedGrader::name);
  return found == std::end(kGraders) ? std::nullopt : std::optional(found->grader);
}

Verdict grade_response(const Problem& problem, std::string_view response, bool prompt_opened_thinking) {
  if (problem.grader != Grader::kCountdown || problem.answers.empty()) {
    return grade(problem.answers, response,
                 {.prompt_opened_thinking = prompt_opened_thinking, .problem = problem.problem});
  }
  return grade_countdown(problem.answers[0], response, prompt_opened_thinking);
}

bool is_gradable(const Problem& problem) {
  if (problem.grader == Grader::kCountdown) {
    return problem.answers.size() == 1 && parse_countdown(problem.answers[0]).has_value();
  }
  return std::ranges::any_of(problem.answers, is_readable_reference);
}

}  // namespace deepscaler
