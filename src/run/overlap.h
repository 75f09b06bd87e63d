// Whether what a run evaluates on is held out: problems that are also trained on show memory, not skill.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "run/recipe.h"

namespace deepscaler {

struct Overlap {
  int64_t problems = 0;  // of the evaluation that are trained on
  std::string sections;  // by what: "stage.0.data, stage.2.data"
};

// Problems are the same where their questions are (data/overlap.h), or the prompts made of them. Reads the
// stages' files. Throws Error.
[[nodiscard]] Overlap overlap_with_training(const Recipe& recipe, std::span<const Problem> evaluated);

}  // namespace deepscaler
