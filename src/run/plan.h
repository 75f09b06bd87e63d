// The memory that each stage of a recipe will take, known before the run begins.
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

// The plan of the recipe with a model of that config. Throws Error for what no run can begin with: an adapter
// as the model, or a scorer beside an adapter.
[[nodiscard]] RecipePlan plan_recipe(const Recipe& recipe, const ModelConfig& model);

}  // namespace deepscaler
