// Kinds of arithmetic exercises with worked solutions that a very small model can learn to write: one
// short equation a line, numbers taken apart into tens and ones, the answer boxed at the end.
//
// A kind is a numbered space of operands. Number k is always the same exercise, so choosing numbers means
// choosing exercises (data/generators.h).
#pragma once

#include <span>

#include "data/exercise.h"

namespace deepscaler {

// add, sum3, sum5, sub, mul, fraction, countdown.
[[nodiscard]] std::span<const ArithmeticKind> arithmetic_kinds();

}  // namespace deepscaler
