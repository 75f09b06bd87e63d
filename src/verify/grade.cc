#include "verify/grade.h"

#include <flint/flint.h>

#include <optional>

#include "verify/compare/compare.h"
#include "verify/copy/copied.h"
#include "verify/extract.h"
#include "verify/latex/lexer.h"
#include "verify/parse/parse.h"
#include "verify/verdict.h"

namespace deepscaler {
namespace {

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
    case Match::unproven:
      return Reason::unproven;
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

// The value in "m + n = 25", where the problem asks for m + n; null for anything else, and where the
// reference says itself what it is the value of.
const Expr* value_of_asked(const Expr& expected, const Expr& given, std::string_view answer,
                           const GradeOptions& options, Steps& steps) {
  if (expected.op() == Op::relation) return nullptr;
  const bool equation = is_relation(given, Relation::equal) && is_scalar(given.args[0].op()) &&
                        !free_symbols(given.args[0]).empty();
  const size_t sign = answer.find('=');
  if (!options.policy.asked_names_may_be_given || !equation || sign == answer.npos ||
      answer.rfind('=') != sign)
    return nullptr;
  return is_asked_for(answer.substr(0, sign), options.problem, steps) ? &given.args[1] : nullptr;
}

struct Judgement {
  Reason reason;
  int64_t steps = 1;
};

// What one reference says about an answer.
Judgement judge(std::string_view reference_text, const std::string& answer, const GradeOptions& options) {
  const std::string reference = extract_reference(reference_text);
  if (!reference.empty() && same_text(reference, answer)) return {Reason::same_text};
  const auto expected = parse_answer(reference);
  if (!expected) return {Reason::unparsable_reference};
  const auto given = parse_answer(answer);
  if (!given) return {Reason::unparsable_answer};
  Steps comparing(options.policy.step_limit);
  Reason reason = reason_of(compare_answers(*expected, *given, options.policy, comparing), options.policy);
  Steps more(options.policy.step_limit);  // also where comparing has used up its own
  if (reason == Reason::different) {
    if (const Expr* value = value_of_asked(*expected, *given, answer, options, more))
      reason = reason_of(compare_answers(*expected, *value, options.policy, comparing), options.policy);
  }
  // Nobody may leave the statistics by an answer that can't be worked out.
  if (reason == Reason::work_limit && is_within_reach(*expected, more)) reason = Reason::out_of_reach;
  const bool may_be_copy =
      reason != Reason::different && expected->op() != Op::choice && given->op() != Op::choice;
  if (may_be_copy && is_copied(answer, reference, options.problem, more)) reason = Reason::copied;
  return {reason, 1 + comparing.used() + more.used()};
}

// Of what several references say, the most that is known: right, open, wrong, and last that none could be
// read.
int rank(Reason reason) {
  if (is_correct(reason)) return 0;
  if (reason == Reason::work_limit || reason == Reason::unproven) return 1;
  return reason == Reason::unparsable_reference ? 3 : 2;
}

std::string reading_of(const std::string& text) {
  const auto expr = parse_answer(text);
  return expr ? to_text(*expr) : "not readable";
}

// FLINT keeps memory for each thread that calls it; what it has kept for this one goes with the thread.
struct FlintMemory {
  ~FlintMemory() { flint_cleanup(); }
};

}  // namespace

Verdict grade(std::span<const std::string> references, std::string_view response,
              const GradeOptions& options) {
  static thread_local const FlintMemory flint_memory;
  Verdict verdict;
  const Extraction found = find_answer(response, options.extract, options.prompt_opened_thinking);
  verdict.extracted = found.text;
  const std::string answer = single_escaped(found.text);
  if (found.found != Extraction::Found::answer) {
    decide(verdict, reason_of(found.found));
    return verdict;
  }
  Reason best = Reason::unparsable_reference;
  for (const std::string& reference : references) {
    const auto [reason, steps] = judge(reference, answer, options);
    verdict.steps += steps;
    if (rank(reason) < rank(best)) best = reason;
    if (is_correct(reason)) break;
  }
  decide(verdict, best);
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
