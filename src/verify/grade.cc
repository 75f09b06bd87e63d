#include "verify/grade.h"

#include <optional>

#include "verify/compare.h"
#include "verify/copied.h"
#include "verify/extract.h"
#include "verify/lexer.h"
#include "verify/parse.h"

namespace deepscaler {
namespace {

bool is_correct(Reason reason) { return reason <= Reason::numeric_agreement; }
bool is_undecided(Reason reason) { return reason >= Reason::unparsable_reference; }

Reason reason_of(Extraction::Found found) {
  switch (found) {
    case Extraction::Found::empty:
      return Reason::empty_answer;
    case Extraction::Found::truncated:
      return Reason::truncated;
    default:
      return Reason::no_answer;
  }
}

Reason reason_of(Match match, const Policy& policy) {
  switch (match) {
    case Match::equal:
      return Reason::equal;
    case Match::rounded:
      return Reason::within_rounding;
    case Match::numeric:
      return policy.accept_numeric_agreement ? Reason::numeric_agreement : Reason::unproven;
    case Match::different:
      return Reason::different;
    case Match::unknown:
      break;
  }
  return Reason::work_limit;
}

// Alike but for spacing and styles.
bool same_text(const std::string& a, const std::string& b) {
  if (a == b) return true;
  return a.size() <= kMaxAnswerBytes && b.size() <= kMaxAnswerBytes && tokenize(a) == tokenize(b);
}

// What one reference says about an answer; adds its steps to `steps`.
Reason judge(std::string_view reference_text, const std::string& answer, const GradeOptions& options,
             int64_t& steps) {
  const std::string reference = extract_reference(reference_text);
  ++steps;
  const auto expected = parse_answer(reference);
  if (!reference.empty() && same_text(reference, answer)) return Reason::same_text;
  if (!expected) return Reason::unparsable_reference;
  const auto given = parse_answer(answer);
  if (!given) return Reason::unparsable_answer;
  Steps counted(options.policy.step_limit);
  const Match match = compare_answers(*expected, *given, options.policy, counted);
  steps += counted.used();
  const Reason reason = reason_of(match, options.policy);
  const bool may_be_copy = (is_correct(reason) || reason == Reason::unproven) && expected->op != Op::choice &&
                           given->op != Op::choice;
  return may_be_copy && is_copied(answer, reference, options.problem) ? Reason::copied : reason;
}

// Of what several references say, the most that is known: right, open, wrong, and last that none could be
// read.
int rank(Reason reason) {
  if (is_correct(reason)) return 0;
  if (reason == Reason::work_limit || reason == Reason::unproven) return 1;
  return reason == Reason::unparsable_reference ? 3 : 2;
}

Extraction extract(std::string_view response, const GradeOptions& options) {
  const AfterThinking after = after_thinking(response, options.prompt_opened_thinking);
  if (!after.finished) return {Extraction::Found::truncated, {}};
  return options.extract == ExtractMode::boxed ? extract_boxed(after.text) : extract_any(after.text);
}

std::string reading_of(const std::string& text) {
  const auto expr = parse_answer(text);
  return expr ? to_text(*expr) : "not readable";
}

}  // namespace

std::string_view reason_name(Reason reason) {
  switch (reason) {
    case Reason::same_text:
      return "same_text";
    case Reason::equal:
      return "equal";
    case Reason::within_rounding:
      return "within_rounding";
    case Reason::numeric_agreement:
      return "numeric_agreement";
    case Reason::different:
      return "different";
    case Reason::no_answer:
      return "no_answer";
    case Reason::empty_answer:
      return "empty_answer";
    case Reason::truncated:
      return "truncated";
    case Reason::unparsable_answer:
      return "unparsable_answer";
    case Reason::copied:
      return "copied";
    case Reason::unparsable_reference:
      return "unparsable_reference";
    case Reason::unproven:
      return "unproven";
    case Reason::work_limit:
      return "work_limit";
  }
  return "";
}

Verdict grade(std::span<const std::string> references, std::string_view response,
              const GradeOptions& options) {
  Verdict verdict;
  const Extraction found = extract(response, options);
  if (found.found != Extraction::Found::answer) {
    verdict.reason = reason_of(found.found);
    return verdict;
  }
  verdict.extracted = found.text;
  verdict.reason = Reason::unparsable_reference;
  for (const std::string& reference : references) {
    const Reason reason = judge(reference, found.text, options, verdict.steps);
    if (rank(reason) < rank(verdict.reason)) verdict.reason = reason;
    if (is_correct(reason)) break;
  }
  verdict.correct = is_correct(verdict.reason);
  verdict.undecided = is_undecided(verdict.reason);
  verdict.score = verdict.correct ? 1.0 : 0.0;
  return verdict;
}

bool is_readable_reference(std::string_view reference) {
  return parse_answer(extract_reference(reference)).has_value();
}

Explanation explain(std::string_view reference, std::string_view response, const GradeOptions& options) {
  const std::string one[] = {std::string(reference)};
  Explanation result;
  result.verdict = grade(one, response, options);
  result.reference = extract_reference(reference);
  result.reference_reading = reading_of(result.reference);
  if (!result.verdict.extracted.empty()) result.answer_reading = reading_of(result.verdict.extracted);
  return result;
}

}  // namespace deepscaler
