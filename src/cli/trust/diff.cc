// `deepscaler diff`: where two runs part.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "trust/run_difference.h"

namespace deepscaler {

void add_diff_command(CLI::App& app) {
  struct Options {
    std::string left, right;
  };
  auto* command =
      app.add_subcommand("diff", "Say in which step, sample and token two runs part, and how far");
  auto options = std::make_shared<Options>();
  command->add_option("left", options->left, "the folder of a run")->required();
  command->add_option("right", options->right, "the folder of another one")->required();
  command->callback([options] {
    std::fputs(run_difference_text(compare_runs(options->left, options->right)).c_str(), stdout);
  });
}

}  // namespace deepscaler
