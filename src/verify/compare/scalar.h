// Whether two scalar expressions are equal: exactly where that is possible, else at random points.
//
// Numbers without variables are evaluated as balls of growing precision: balls apart prove them different;
// balls that stay together are equal where that is proven, by a normal form, as algebraic numbers
// (algebraic.h) or by exact rules for logarithms, angles and the like (constant_proof.h). Expressions
// with variables are evaluated at random rational points of their common domain: apart at one point proves
// them different; after agreement at all of them the normal form decides, and where it can't, the points
// where functions part (sample_points.h).
#pragma once

#include <cstdint>
#include <optional>

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"
#include "verify/compare/policy.h"

namespace deepscaler {

// Weaker ones have higher values.
enum class Match : uint8_t {
  equal,
  rounded,  // a decimal that rounds to the other side
  numeric,  // equal at all points to many digits
  different,
  unproven,  // constants that agree in all digits tried
  unknown,   // a bound was reached
};

[[nodiscard]] Match compare_scalars(const Expr& reference, const Expr& answer, const Policy& policy,
                                    Steps& steps);

// Whether a = c b for a constant number c, and the sign of c (0 where it is not known to be real).
struct ScaledMatch {
  Match match = Match::unknown;
  int sign = 0;
};
[[nodiscard]] ScaledMatch compare_scaled(const Expr& a, const Expr& b, Steps& steps);

// The order of two real numbers without variables (infinity included): -1, 0 or 1, or nothing where they
// are not such or too close to tell.
[[nodiscard]] std::optional<int> order_of(const Expr& a, const Expr& b, Steps& steps);

// Whether a scalar has a value that is found within `steps`, exactly or to many digits. With variables: at
// several points.
[[nodiscard]] bool has_value_within_reach(const Expr& scalar, Steps& steps);

}  // namespace deepscaler
