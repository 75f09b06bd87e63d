// What a recipe will take: the memory of each stage, before any of it is taken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/memory_plan.h"
#include "run/recipe.h"

namespace deepscaler {

struct StagePlan {
  std::string name;
  MemoryPlan memory;
};

struct RecipePlan {
  ModelConfig model;
  int64_t parameters = 0;
  std::vector<StagePlan> stages;
};

// Of the recipe with a model of that config.
[[nodiscard]] RecipePlan plan_recipe(const Recipe& recipe, const ModelConfig& model);

// Throws Error naming the first stage that needs more than `available` bytes, its largest part and what
// makes that smaller.
void require_memory(const RecipePlan& plan, int64_t available);

}  // namespace deepscaler
