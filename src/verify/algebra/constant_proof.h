// Constants proven to be the same number, by exact arithmetic only: no agreement of digits is a proof.
#pragma once

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

// Whether one of three methods shows that a - b is zero: as a rational function of the atoms of
// constant_form.h, reduced by cyclotomic polynomials and radicands; as a sum of logarithms whose numbers
// multiply to 1; as a sum of angles below a turn whose units multiply to 1. False says nothing.
// `natural_log`: whether a logarithm without a base is natural.
[[nodiscard]] bool proves_same_constant(const Expr& a, const Expr& b, bool natural_log, Steps& steps);

}  // namespace deepscaler
