// A run: a recipe carried out into a folder (rl/run_folder.h), stage by stage.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/evaluate.h"
#include "rl/recipe.h"

namespace deepscaler {

// The result of one evaluation, under the name of the stage that it follows.
struct RunEvaluation {
  std::string name;
  EvalReport report;
};

// Carries out the recipe and returns its evaluations in order, the first one being that of the model
// at the start. The folder must not exist yet or be empty. Throws Error, and Interrupted when the user
// asks to stop: what is written so far stays.
[[nodiscard]] std::vector<RunEvaluation> run_recipe(const Recipe& recipe,
                                                    const std::filesystem::path& folder);

}  // namespace deepscaler
