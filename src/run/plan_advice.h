// What makes a recipe fit into memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/plan.h"

namespace deepscaler {

struct MemoryAdvice {
  std::vector<std::string> overrides;  // as --set takes them
  int64_t bytes = 0;                   // what the largest stage then takes
};

// The smallest change to the recipe with which all its stages fit: first those that leave every bit as it is,
// then a smaller micro-batch, an optimizer of eight bits, and an adapter in place of all weights; several of
// them where no later one alone is smaller. Nothing where even all of them do not make it fit.
[[nodiscard]] std::optional<MemoryAdvice> advise(const Recipe& recipe, const ModelConfig& model,
                                                 int64_t available);

// Throws Error for the first stage of the plan that needs more than `available` bytes. The message names the
// stage, its largest part, and what makes the recipe fit.
void require_memory(const Recipe& recipe, const RecipePlan& plan, int64_t available);

}  // namespace deepscaler
