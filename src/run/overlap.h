// Whether a run's evaluation problems are held out. Problems that are also trained on show memory, not skill.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "run/recipe.h"

namespace deepscaler {

struct Overlap {
  int64_t problems = 0;  // evaluation problems that are trained on
  std::string sections;  // that train on them: "stage.0.data, stage.2.data"
};

// Two problems are the same where their questions (data/overlap.h), or the prompts made of them, are equal.
// Reads the stages' files. Throws Error.
[[nodiscard]] Overlap overlap_with_training(const Recipe& recipe, std::span<const Problem> evaluated);

}  // namespace deepscaler
