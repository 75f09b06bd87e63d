// From a response to a verdict, the same for every grader: where the answer is, and what follows from a
// reason.
#pragma once

#include <string_view>

#include "verify/extract.h"
#include "verify/grade.h"

namespace deepscaler {

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
