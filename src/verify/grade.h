// The verifier: is the final answer of a response equal to the reference answer?
//
// grade() takes the answer out of the response (extract.h), reads both sides (parse.h) and compares
// them (compare.h). Its work is bounded by counted steps, never by a clock or a signal, so a verdict
// is the same on every machine and in every thread. What the bound leaves open, though not by the answer's
// fault, is `undecided`, which is neither right nor wrong. docs/verifier.md says what counts as equal.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "verify/compare/policy.h"

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
  numeric_agreement,  // equal at every point tried, to many digits, but not proven
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
  unproven,              // equal at every point tried, where the policy wants a proof
  work_limit,            // the steps of Policy::step_limit are used up, or no method decides
};

[[nodiscard]] std::string_view reason_name(Reason reason);

struct GradeOptions {
  ExtractMode extract = ExtractMode::boxed;
  // The prompt ended with an opening <think>, so the response alone holds only </think>; a response
  // without it has not finished thinking and is `truncated`.
  bool prompt_opened_thinking = false;
  // The problem, where it is known: what only repeats it is then `copied`. A view for the call.
  std::string_view problem = {};
  Policy policy = {};
};

struct Verdict {
  bool correct = false;
  bool undecided = false;  // never true together with `correct`
  double score = 0.0;      // 1 when correct, else 0; meaningless when undecided
  std::string extracted;   // the answer as it stands in the response; empty when there is none
  Reason reason = Reason::no_answer;
  int64_t steps = 0;  // work done, in the units of Policy::step_limit
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
