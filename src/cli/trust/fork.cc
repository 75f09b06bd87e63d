// `deepscaler fork`: a run that shares the past of another one and differs in the keys that --set names.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/recipe/train.h"
#include "trust/fork.h"

namespace deepscaler {
namespace {

struct Options {
  Fork fork;
  std::string run, output;
  RuntimeOptions runtime;
};

void run(Options& options) {
  apply(options.runtime);
  options.fork.run = options.run;
  options.fork.output = options.output;
  require_own_folder(options.fork.output);
  const Recipe recipe = fork_run(options.fork);
  log_info("{} shares steps 1 to {} with {}", options.output, options.fork.step, options.run);
  run_and_print(recipe,
                {.recipe = options.run, .output = options.output, .overrides = {}, .run = {}, .runtime = {}});
}

}  // namespace

void add_fork_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("fork", "Go on with a run under changed keys, in a new run from one of its steps");
  auto options = std::make_shared<Options>();
  command->add_option("run", options->run, "the folder of the run to share the past of")->required();
  command->add_option("--at", options->fork.step, "the last step that is shared: one with a checkpoint, or 0")
      ->required()
      ->check(not_negative());
  command->add_option("--set", options->fork.changes, "the key to change, e.g. stage.1.optimizer.lr=1e-5")
      ->check(is_text())
      ->allow_extra_args(false);
  command->add_option("--output", options->output, "the new run's folder")->required();
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
