// Answers as votes: which of a problem's samples gave the same answer?
#pragma once

#include <vector>

#include "eval/report.h"
#include "eval/statistics.h"

namespace deepscaler {

// The decided samples' votes, in order. Equal answers, as the verifier sees them ("1/2" and "0.5"), have
// equal strings; a sample without an answer has an empty one. Right answers equal the reference, so they
// are one answer where there is one reference; a wrong answer never equals a right one.
[[nodiscard]] std::vector<Vote> votes_of(const EvalProblem& problem);

}  // namespace deepscaler
