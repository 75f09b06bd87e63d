// A verdict, its reason, and how it follows from a response, the same for every grader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "verify/extract.h"

namespace deepscaler {

// Where the answer of a response is looked for.
enum class ExtractMode : uint8_t {
  boxed,  // for rewards: the last \boxed or \fbox after the thinking
  any,    // for other people's outputs: also "the answer is ...", then the last formula or number
};

// Why a verdict is what it is.
enum class Reason : uint8_t {
  // correct
  same_text,          // the two sides are written alike
  equal,              // proven equal
  within_rounding,    // a decimal that rounds to the other side (Policy::decimal_places)
  numeric_agreement,  // functions that agree at every point tried, but are not proven equal
  // wrong
  different,          // proven different, or of another kind (a set is no tuple)
  no_answer,          // the response has no answer to extract
  empty_answer,       // ... or an empty one
  truncated,          // ... or one that breaks off: an unclosed box, thinking that never ended
  unparsable_answer,  // an answer that cannot be read as anything the reference could be
  copied,             // equal or not worked out, and an expression of the problem (copied.h)
  out_of_reach,       // an answer whose value is not found within the limits, where the reference's is
  // undecided
  unparsable_reference,  // the reference itself can't be read, so nobody could be right
  unproven,              // the sides agree in all that was tried, where it takes a proof
  work_limit,            // the steps of Policy::step_limit are used up, or no method decides
};

[[nodiscard]] std::string_view reason_name(Reason reason);

struct Verdict {
  bool correct = false;
  bool undecided = false;  // never true together with `correct`
  double score = 0.0;      // 1 when correct, else 0; meaningless when undecided
  std::string extracted;   // the answer as it stands in the response; empty when there is none
  Reason reason = Reason::no_answer;
  int64_t steps = 0;  // work done, in the units of Policy::step_limit
};

[[nodiscard]] inline bool is_correct(Reason reason) { return reason <= Reason::numeric_agreement; }
[[nodiscard]] inline bool is_undecided(Reason reason) { return reason >= Reason::unparsable_reference; }

// The answer after the thinking, or why there is none. Linear in the response.
[[nodiscard]] Extraction find_answer(std::string_view response, ExtractMode mode,
                                     bool prompt_opened_thinking);

// The verdict on a response without an answer: why there is none.
[[nodiscard]] Reason reason_of(Extraction::Found found);

// Sets the reason with whether it is correct or undecided, and the score.
void decide(Verdict& verdict, Reason reason);

}  // namespace deepscaler
