// What `train` and `sft` share.
#pragma once

#include <functional>
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

// Does the work of a command as one of the ranks that mpirun or srun has started, or alone. Of several, only
// the leader writes to the terminal, but each can say why it fails: in one line with rank and host, which
// ends all.
void on_each_rank(const std::function<void()>& work);

}  // namespace deepscaler
