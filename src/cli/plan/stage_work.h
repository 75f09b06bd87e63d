// The stages of a recipe as work whose time can be reckoned (cost/stage_cost.h), under stated lengths.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cost/stage_cost.h"
#include "run/recipe.h"

namespace deepscaler {

// How long the texts of a stage are taken to be.
struct AssumedLengths {
  std::string stage;                  // its name in the recipe
  double mean = 0, p90 = 0;           // tokens of a response, before the limit cuts it
  std::vector<std::string> rollouts;  // instead: files of responses that are there, as runs write them
  int64_t prompt_tokens = 256;
  int64_t example_tokens =
      0;  // of an example that is trained on as it is; 0: as the kind of stage usually has
};

// A file of assumptions for a recipe.
struct Assumptions {
  std::vector<AssumedLengths> stages;
  int64_t eval_problems = 0;  // 0: as many as the recipe's data have
  std::vector<std::string> sources;
};

void bind(ConfigSection& section, AssumedLengths& lengths);
void bind(ConfigSection& section, Assumptions& assumptions);

// Throws Error for a stage whose number of steps the recipe does not state, and for one that `assumptions`
// does not name. `where`: of the assumptions, for messages.
[[nodiscard]] std::vector<StageWork> stage_work(const Recipe& recipe, const ModelConfig& model,
                                                const Assumptions& assumptions, const std::string& where);

// The keys and values for which the recipe has memory, in tokens.
[[nodiscard]] int64_t kv_positions(const Recipe& recipe, const ModelConfig& model);

}  // namespace deepscaler
