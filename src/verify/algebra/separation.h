// How near two different numbers can come: the size of an expression bounds from below how far its value
// can be from another one of its size.
//
// The size counts the bits of the integers that stand in an expression once it is written out: 10^{500}
// and 2025! are long, as are e^{1000} and tanh 1000, which are products of that many short factors. For
// such written-out expressions the uniformity conjecture (D. Richardson, "The uniformity conjecture",
// 2001) says that their differences are zero or no smaller than a fixed power of their size. Two functions
// agree at a point where their values agree in twice as many bits. A conjecture proves nothing, so constants
// are not taken for equal by it.
#pragma once

#include "verify/algebra/evaluate.h"
#include "verify/algebra/expr.h"

namespace deepscaler {

// The size in bits; infinite where it is not known. `at` gives the values of the symbols.
[[nodiscard]] double written_out_bits(const Expr& expr, const Evaluation& at, Steps& steps);

// The bits to which two values of this size together must agree to be taken for equal.
[[nodiscard]] double bits_to_agree(double written_out_bits);

// The bits to which a value is known, relative to its magnitude or absolutely, whichever is more.
[[nodiscard]] double known_bits(const Value& value);

}  // namespace deepscaler
