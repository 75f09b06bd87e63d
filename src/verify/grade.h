// The verifier: is the final answer of a response equal to the reference answer?
//
// grade() takes the answer out of the response (extract.h), reads both sides (parse.h) and compares
// them (compare.h). Its work is bounded by counted steps, never by a clock or a signal, so a verdict
// is the same on every machine and in every thread. What the bound leaves open, though not by the answer's
// fault, is `undecided`, which is neither right nor wrong. docs/verifier.md says what counts as equal.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "verify/compare/policy.h"
#include "verify/verdict.h"

namespace deepscaler {

struct GradeOptions {
  ExtractMode extract = ExtractMode::boxed;
  // The prompt ended with an opening <think>, so the response alone holds only </think>; a response
  // without it has not finished thinking and is `truncated`.
  bool prompt_opened_thinking = false;
  // The problem, where it is known: what only repeats it is then `copied`. A view for the call.
  std::string_view problem = {};
  Policy policy = {};
};

// Grades one response. Any of the references counts; a set of answers is one reference. Thread-safe;
// does not throw, whatever the input (bad_alloc apart). The responses of one problem may be graded in any
// order.
[[nodiscard]] Verdict grade(std::span<const std::string> references, std::string_view response,
                            const GradeOptions& options = {});

// Whether anyone could be right by this reference: it has an answer in it, and that can be read.
[[nodiscard]] bool is_readable_reference(std::string_view reference);

// One verdict with how the two sides were read.
struct Explanation {
  Verdict verdict;
  std::string reference;          // the answer in the reference
  std::string reference_reading;  // it as a tree, or "not readable"
  std::string answer_reading;     // the same of Verdict::extracted; empty where there is none
};
[[nodiscard]] Explanation explain(std::string_view reference, std::string_view response,
                                  const GradeOptions& options = {});

}  // namespace deepscaler
