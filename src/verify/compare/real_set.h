// Sets of real numbers: intervals, unions, inequalities in one variable, and what can be made of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"
#include "verify/compare/scalar.h"

namespace deepscaler {

struct RealInterval {
  Expr low, high;  // numbers without variables, or infinity
  bool low_closed = false;
  bool high_closed = false;
};

struct RealSet {
  std::string variable;             // of the inequalities it came from; empty for intervals
  std::vector<RealInterval> parts;  // ascending, apart from each other
};

// The set that an expression describes, or nothing where it describes none in these terms or the
// order of its ends is not known, or the steps run out.
[[nodiscard]] std::optional<RealSet> read_real_set(const Expr& expr, Steps& steps);

// Undecided where the steps run out.
[[nodiscard]] Match compare_real_sets(const RealSet& reference, const RealSet& answer, const Policy& policy,
                                      Steps& steps);

}  // namespace deepscaler
