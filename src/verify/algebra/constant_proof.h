// Constants proven to be the same number, by exact arithmetic only: no agreement of digits is a proof.
#pragma once

#include "verify/algebra/expr.h"
#include "verify/algebra/steps.h"

namespace deepscaler {

// Whether a - b is zero as a rational function of the atoms of constant_form.h, whose relations are that a
// root of unity has its cyclotomic polynomial and a root its radicand; or is a sum of logarithms of algebraic
// numbers whose product is 1; or is a sum of angles, less than a turn, whose product of units is 1. False
// says nothing. `natural_log`: whether a logarithm without a base is natural.
[[nodiscard]] bool proves_same_constant(const Expr& a, const Expr& b, bool natural_log, Steps& steps);

}  // namespace deepscaler
