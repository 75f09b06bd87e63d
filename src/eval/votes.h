// Answers as votes: which of a problem's samples gave the same answer?
#pragma once

#include <vector>

#include "eval/report.h"
#include "eval/statistics.h"

namespace deepscaler {

// The decided samples' votes, in order. Answers that the verifier takes for equal ("1/2" and "0.5") have
// equal strings. A sample without an answer has an empty string. With one reference all right answers are one
// answer. A wrong answer never equals a right one.
[[nodiscard]] std::vector<Vote> votes_of(const EvalProblem& problem);

}  // namespace deepscaler
