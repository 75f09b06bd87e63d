// What `train` and `sft` share.
#pragma once

#include <string>
#include <vector>

#include "cli/runtime_options.h"
#include "run/loop.h"

namespace CLI {
class App;
}

namespace deepscaler {

struct TrainOptions {
  std::string recipe;
  std::string output;
  std::vector<std::string> overrides;
  RunOptions run;
  RuntimeOptions runtime;
};

// All but the recipe itself.
void add_train_options(CLI::App& command, TrainOptions& options);

// Carries out a recipe that is validated, and prints its evaluations. Throws Error.
void run_and_print(const Recipe& recipe, const TrainOptions& options);

}  // namespace deepscaler
