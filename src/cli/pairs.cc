// `deepscaler pairs`: preference pairs out of a run's rollouts.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "data/sampled_pairs.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> inputs;
  std::string output;
  SampledPairsConfig config;
};

std::vector<fs::path> files_of(const std::vector<std::string>& inputs) {
  std::vector<fs::path> files;
  for (const std::string& input : inputs) {
    const RunLayout run{input};
    if (!fs::is_directory(input)) {
      files.emplace_back(input);
      continue;
    }
    const std::vector<int64_t> steps = run.rollout_steps();
    if (steps.empty()) throw Error(input, "has no rollouts", "name the folder of a run that samples");
    for (const int64_t step : steps) files.push_back(run.rollouts(step));
  }
  return files;
}

void run(const Options& options) {
  const std::vector<fs::path> files = files_of(options.inputs);
  require_new_file(options.output, options.inputs);
  const SampledPairs result = pair_samples(files, options.config);
  if (result.pairs == 0) {
    throw Error(
        options.output,
        fmt::format("no group has both a right and a wrong answer: of {}, {} have no right one and {} "
                    "no wrong one",
                    result.groups, result.without_right, result.without_wrong),
        "take rollouts of problems that are solved now and then");
  }
  write_file_atomically(options.output, result.lines);
  const double longer = static_cast<double>(result.longer_chosen) / static_cast<double>(result.pairs);
  fmt::print("{}: {} pairs of {} groups; the right answer is the longer one in {:.1f} %\n", options.output,
             result.pairs, result.groups, 100 * longer);
  fmt::print(
      "left out: {} groups without a right answer, {} without a wrong one; {} answers that were cut, {} "
      "undecided\n",
      result.without_right, result.without_wrong, result.truncated, result.undecided);
}

}  // namespace

void add_pairs_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "pairs", "Make preference pairs out of rollouts: a right and a wrong answer to one problem");
  auto options = std::make_shared<Options>();
  command->add_option("inputs", options->inputs, "folders of runs, or files of their rollouts/")
      ->required()
      ->check(CLI::ExistingPath);
  command
      ->add_option("--output", options->output, "the file to write, for stages of kind reward-model and dpo")
      ->required();
  command->add_option("--per-group", options->config.most_of_a_group, "pairs of one group, at most")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  command->add_flag("--truncated", options->config.truncated,
                    "take answers too that were cut at the length limit");
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
