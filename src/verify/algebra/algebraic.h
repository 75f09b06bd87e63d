// Algebraic numbers, exactly: roots, their sums and products, and sines of rational angles as roots
// of integer polynomials (Calcium's qqbar).
#pragma once

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

// Whether both are algebraic numbers within the bounds on degree and size, and the same one. False
// says nothing.
[[nodiscard]] bool proves_same_algebraic_number(const Expr& a, const Expr& b, Steps& steps);

}  // namespace deepscaler
