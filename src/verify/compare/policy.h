// What counts as equal where people differ. docs/verifier.md explains every default.
#pragma once

#include <cstdint>

namespace deepscaler {

struct Policy {
  // A reference of 45\% takes 45 as well as 0.45. (An answer of 12\% is never 12.)
  bool percent_may_be_dropped = true;
  // A unit on one side only, or a degree sign, is ignored. Two units must agree, after conversion.
  bool units_may_be_dropped = true;
  // "x = 5" and "f(x) = 5" answer 5, and 5 answers them.
  bool names_may_be_dropped = true;
  // Lists without brackets compare in order, as tuples always do.
  bool lists_are_ordered = false;
  // A decimal equals a number that rounds to it at so many decimals; below 0.1, and next to fractions,
  // at so many significant digits. 1 ... 15.
  int decimal_places = 6;
  // Agreement at all points tried, without a proof, counts as correct; otherwise it is undecided.
  bool accept_numeric_agreement = true;
  // The bound of one comparison, and again of what may follow it: finding the value of the reference, and
  // copies of the problem. A step is roughly 100 ns of work.
  int64_t step_limit = 100'000;
};

}  // namespace deepscaler
