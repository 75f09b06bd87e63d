// What counts as equal where people differ. Every default is the one that docs/verifier.md explains.
#pragma once

#include <cstdint>

namespace deepscaler {

struct Policy {
  // Agreement at all points tried, without a proof, counts as correct; otherwise it is undecided.
  bool accept_numeric_agreement = true;
  // A decimal equals a number that rounds to it at so many decimals (significant digits below 0.1).
  int decimal_places = 6;
  // The bound of one comparison; a step is roughly 50 ns of work.
  int64_t step_limit = 400'000;
};

}  // namespace deepscaler
