// An exercise with a worked solution, and a kind of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/problem.h"

namespace deepscaler {

struct Exercise {
  // The operands, in the same order for 38 + 47 and 47 + 38, since one of the two gives away the other.
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

}  // namespace deepscaler
