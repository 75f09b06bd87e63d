#include "eval/graders.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"
#include "data/grading.h"
#include "eval/hendrycks.h"
#include "verify/grade.h"

namespace deepscaler {
namespace {

GraderVerdict of(const Verdict& verdict) { return {verdict.correct, verdict.undecided, verdict.extracted}; }

GraderVerdict ours(const Problem& problem, std::string_view response) {
  return of(grade_response(problem, response, /*prompt_opened_thinking=*/false));
}

GraderVerdict ours_anywhere(const Problem& problem, std::string_view response) {
  return of(grade(problem.answers, response, {.extract = ExtractMode::any, .problem = problem.problem}));
}

// An answer beside each of the references.
template <class Equal>
GraderVerdict compared(const Problem& problem, std::string answer, const Equal& equal) {
  const bool correct =
      !answer.empty() && std::ranges::any_of(problem.answers, [&](const std::string& reference) {
        return equal(answer, extract_reference(reference));
      });
  return {.correct = correct, .extracted = std::move(answer)};
}

std::string boxed(std::string_view response) {
  return find_answer(response, ExtractMode::boxed, /*prompt_opened_thinking=*/false).text;
}

std::string without_spaces(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
  return text;
}

GraderVerdict boxed_string(const Problem& problem, std::string_view response) {
  return compared(problem, boxed(response), [](const std::string& a, const std::string& b) {
    return without_spaces(a) == without_spaces(b);
  });
}

GraderVerdict hendrycks(const Problem& problem, std::string_view response) {
  return compared(problem, boxed(response),
                  [](const std::string& a, const std::string& b) { return hendrycks_equal(a, b); });
}

// The last "-?[$0-9.,]{2,}" or "-?[0-9]+".
std::string last_number(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_part = [&](char c) { return is_digit(c) || c == '$' || c == '.' || c == ','; };
  std::string_view last;
  for (size_t at = 0; at < text.size();) {
    const size_t first = at + (text[at] == '-');
    size_t end = first;
    while (end < text.size() && is_part(text[end])) ++end;
    if (end - first >= 2 || (end - first == 1 && is_digit(text[first]))) {
      last = text.substr(at, end - at);
      at = end;
    } else {
      ++at;
    }
  }
  return std::string(last);
}

// As exact_match of lm-eval's gsm8k compares: without commas and dollar signs, and without a full stop at the
// end.
std::string bare_number(std::string text) {
  std::erase_if(text, [](char c) { return c == ',' || c == '$'; });
  if (text.ends_with('.')) text.pop_back();
  return text;
}

GraderVerdict last_number_equal(const Problem& problem, std::string_view response) {
  return compared(problem, last_number(response), [](const std::string& a, const std::string& b) {
    return bare_number(a) == bare_number(b);
  });
}

constexpr NamedGrader kGraders[] = {
    {"ours", "the answer checker of rewards and evaluations", ours},
    {"ours-anywhere",
     "ours, where the answer need not be in a box (\"the answer is ...\", the last formula or number)",
     ours_anywhere},
    {"hendrycks", "the last box, compared as MATH's math_equivalence.py does", hendrycks},
    {"boxed-string", "the last box, letter by letter but for spaces", boxed_string},
    {"last-number", "the last number, compared as lm-eval's flexible-extract of GSM8K does",
     last_number_equal}};

}  // namespace

std::span<const NamedGrader> named_graders() { return kGraders; }

std::vector<const NamedGrader*> find_graders(std::span<const std::string> names) {
  std::vector<const NamedGrader*> graders;
  for (const std::string& name : names) {
    const auto* found = std::ranges::find(kGraders, name, &NamedGrader::name);
    if (found == std::end(kGraders)) {
      std::vector<std::string> known;
      for (const NamedGrader& grader : kGraders) known.emplace_back(grader.name);
      throw Error("--graders", fmt::format("there is no grader \"{}\"", name), suggest_name(name, known));
    }
    if (std::ranges::count(graders, found) > 0) {
      throw Error("--graders", fmt::format("\"{}\" is named twice", name), "name it once");
    }
    graders.push_back(found);
  }
  return graders;
}

}  // namespace deepscaler
