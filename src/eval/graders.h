// Graders by name. Figures of different papers rest on different ones; with several on the same samples one
// sees what the grader alone moves. A grader is a pure, thread-safe function of a problem and a response.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/problem.h"

namespace deepscaler {

struct GraderVerdict {
  bool correct = false;
  bool undecided = false;  // never true together with `correct`
  std::string extracted;   // the answer that was found; empty: none
};

struct NamedGrader {
  std::string_view name;
  std::string_view description;  // for the help and the docs
  GraderVerdict (*grade)(const Problem& problem, std::string_view response);
};

[[nodiscard]] std::span<const NamedGrader> named_graders();

// The graders of these names, in their order. Throws Error for a name that there is not, and for one that
// comes twice.
[[nodiscard]] std::vector<const NamedGrader*> find_graders(std::span<const std::string> names);

}  // namespace deepscaler
