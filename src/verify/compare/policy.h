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
  // Where the problem is known and asks for m + n, "m + n = 25" answers 25.
  bool asked_names_may_be_given = true;
  // A decimal reference takes what rounds to it at its own last place: 33.3 takes 100/3.
  bool references_may_be_rounded = false;
  // 0 < x < 12.5 answers (0, 12.5), which may be a point.
  bool inequalities_may_be_pairs = false;
  // Any letters will do for those of the reference that the answer does not have: bx for cx.
  bool letters_may_differ = false;
  // A decimal equals a number that rounds to it at so many decimals; below 0.1, and next to fractions,
  // at so many significant digits. 1 ... 15.
  int decimal_places = 6;
  // Functions that agree at all points tried, without a proof, are correct; otherwise undecided.
  bool accept_numeric_agreement = true;
  // The bound of one comparison, and again of what may follow it: finding the value of the reference, and
  // copies of the problem. A step is roughly 100 ns of work.
  int64_t step_limit = 100'000;
};

}  // namespace deepscaler
