#include "verify/verdict.h"

namespace deepscaler {

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
    case Reason::out_of_reach:
      return "out_of_reach";
    case Reason::unparsable_reference:
      return "unparsable_reference";
    case Reason::unproven:
      return "unproven";
    case Reason::work_limit:
      return "work_limit";
  }
  return "";
}

Extraction find_answer(std::string_view response, ExtractMode mode, bool prompt_opened_thinking) {
  const AfterThinking after = after_thinking(response, prompt_opened_thinking);
  if (!after.finished) return {Extraction::Found::truncated, {}};
  return mode == ExtractMode::boxed ? extract_boxed(after.text) : extract_any(after.text);
}

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

void decide(Verdict& verdict, Reason reason) {
  verdict.reason = reason;
  verdict.correct = is_correct(reason);
  verdict.undecided = is_undecided(reason);
  verdict.score = verdict.correct ? 1.0 : 0.0;
}

}  // namespace deepscaler
