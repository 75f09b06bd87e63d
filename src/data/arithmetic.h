// Kinds of arithmetic exercises with worked solutions that a very small model can learn to write: one
// short equation a line, numbers taken apart into tens and ones, the answer boxed at the end.
//
// A kind is a numbered space of operands. Number k of it is always the same exercise, so whoever
// chooses numbers chooses exercises (see data/generators.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "data/problem.h"

namespace deepscaler {

struct Exercise {
  // The operands, in an order that does not tell 38 + 47 from 47 + 38: who has seen one of these has
  // seen the other.
  std::string operands;
  std::string text;      // the operands as written in the problem, "38+47"
  std::string problem;   // "What is 38 + 47?"
  std::string solution;  // ends in \boxed{answer}
  std::string answer;    // an integer, a reduced fraction, or the task of a kind with a rule of its own

  bool operator==(const Exercise&) const = default;
};

struct ArithmeticKind {
  std::string_view name;
  std::string_view description;
  uint64_t space;  // exercises are numbered from 0 to space - 1
  // The exercise of a number, or nothing where the number stands for none (say, a negative result).
  std::optional<Exercise> (*make)(uint64_t number);
  Grader grader = Grader::kAnswer;
};

// add, sum3, sum5, sub, mul, fraction, countdown.
[[nodiscard]] std::span<const ArithmeticKind> arithmetic_kinds();

}  // namespace deepscaler
