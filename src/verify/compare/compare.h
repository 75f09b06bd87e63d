// Whether an answer is equal to a reference, by the policies of policy.h.
//
// The two sides are not alike: what the reference has and the answer drops (a unit, a percent sign,
// "x =") is forgiven, what the answer adds to it is not.
#pragma once

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"
#include "verify/compare/policy.h"
#include "verify/compare/scalar.h"

namespace deepscaler {

// Thread-safe; does not throw. Match::unknown where the steps are used up or nothing decided.
[[nodiscard]] Match compare_answers(const Expr& reference, const Expr& answer, const Policy& policy,
                                    Steps& steps);

// Whether all numbers and expressions in an answer have values that are found within `steps`. If so, it is
// the other side's fault where the two can't be compared.
[[nodiscard]] bool is_within_reach(const Expr& answer, Steps& steps);

}  // namespace deepscaler
