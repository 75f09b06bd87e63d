// `deepscaler show`: the rollouts of a step, to read.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "report/rollouts.h"
#include "report/step_view.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

struct Options {
  std::string run;
  std::optional<int64_t> step;
  StepFilter filter;
};

// Colours for people only; NO_COLOR is no-color.org's convention.
Colours colours() {
  const char* refused = std::getenv("NO_COLOR");
  const bool wanted = refused == nullptr || *refused == '\0';
  return wanted && isatty(STDOUT_FILENO) != 0 ? Colours::kOn : Colours::kOff;
}

void run(const Options& options) {
  const RunLayout layout{options.run};
  const std::vector<int64_t> steps = layout.rollout_steps();
  if (steps.empty()) {
    throw Error(options.run, "has no rollouts",
                "name the folder of a run that got to reinforcement learning");
  }
  const int64_t step = options.step.value_or(steps.back());
  if (std::ranges::find(steps, step) == steps.end()) {
    throw Error(
        options.run, fmt::format("has no rollouts of step {}", step),
        fmt::format("name one of its {} steps from {} to {}", steps.size(), steps.front(), steps.back()));
  }
  const std::vector<RecordedGroup> groups = read_rollouts(layout.rollouts(step));
  size_t samples = 0;
  for (const RecordedGroup& group : groups) samples = std::max(samples, group.samples.size());
  if (options.filter.sample && *options.filter.sample >= static_cast<int64_t>(samples)) {
    throw Error(options.run, fmt::format("step {} has no sample {}", step, *options.filter.sample),
                fmt::format("name one from 0 to {}", samples - 1));
  }
  const std::string text = step_view(groups, options.filter, colours());
  if (text.empty()) {
    throw Error(options.run, fmt::format("step {} has no problem '{}'", step, options.filter.problem),
                "leave out --problem to see which it has");
  }
  fmt::print("step {}\n", step);
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void add_show_command(CLI::App& app) {
  auto* command = app.add_subcommand("show", "Print the rollouts of a step: texts, rewards, advantages");
  auto options = std::make_shared<Options>();
  command->add_option("run", options->run, "the run's folder")->required();
  command->add_option("--step", options->step, "which step (default: the last one)");
  command->add_option("--sample", options->filter.sample, "only this sample of each problem, counted from 0")
      ->check(not_negative());
  command->add_option("--problem", options->filter.problem, "only the problem with this id");
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
