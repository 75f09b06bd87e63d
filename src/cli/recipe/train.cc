// `deepscaler train`: carries out a recipe.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/config.h"
#include "base/config_manual.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/recipe/shipped_recipes.h"
#include "cli/recipe/train.h"
#include "cli/run_report.h"
#include "comm/join.h"
#include "run/loop.h"

namespace deepscaler {
namespace {

std::string percent(const Interval& interval) {
  return fmt::format("{:5.1f} [{:5.1f}, {:5.1f}]", 100 * interval.mean, 100 * interval.low,
                     100 * interval.high);
}

// One row an evaluation: pass@1 and what the stage changed, on the same problems.
void print_evaluations(const std::vector<RunEvaluation>& evaluations, int64_t trained_on) {
  if (evaluations.empty()) return;
  fmt::print("\n{:<16} {:>22}   {:>22}   {:>6}   {:>9}   {:>9}\n", "pass@1, %", "with 95 % interval",
             "change by the stage", "tokens", "no answer", "truncated");
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const EvalReport& report = evaluations[i].report;
    const std::string change =
        i == 0 ? "" : percent(paired_difference(evaluations[i - 1].report.outcomes(), report.outcomes()));
    fmt::print("{:<16} {:>22}   {:>22}   {:>6.1f}   {:>7.1f} %   {:>7.1f} %\n", evaluations[i].title,
               percent(report.pass_at_1()), change, report.mean_length(), 100 * report.no_answer_share(),
               100 * report.truncated_share());
  }
  if (evaluations.size() > 3) {
    fmt::print(
        "from '{}' to the end: {}\n", evaluations[1].title,
        percent(paired_difference(evaluations[1].report.outcomes(), evaluations.back().report.outcomes())));
  }
  const size_t problems = evaluations[0].report.problems.size();
  if (trained_on == 0)
    fmt::print("{} held-out problems, the same each time\n", problems);
  else
    fmt::print("{} problems, the same each time; trained on too: {}\n", problems, trained_on);
}

void run(TrainOptions options) {
  apply(options.runtime);
  options.recipe = recipe_file(options.recipe).string();
  run_and_print(read_recipe(options.recipe, options.overrides), options);
}

}  // namespace

void run_and_print(const Recipe& recipe, const TrainOptions& options) {
  const std::filesystem::path folder =
      options.output.empty() ? std::filesystem::path("runs") / std::filesystem::path(options.recipe).stem()
                             : std::filesystem::path(options.output);
  require_own_folder(folder);
  log_info("run {}: {}", folder.string(), computation_text(compute_type_from_name(recipe.model.dtype)));
  const RunResult result = run_recipe(recipe, folder, options.run);
  if (!ranks().leads()) return;
  if (!result.complete) {
    fmt::print("stopped after step {}{}; the same command goes on from there\n", result.step,
               result.step > 0 ? ", which is saved" : "");
    return;
  }
  print_evaluations(result.evaluations, result.trained_on);
  fmt::print("the run is in {}\n", folder.string());
  fmt::print("the report is in {}\n", write_run_report(folder).string());
}

void on_each_rank(const std::function<void()>& work) {
  const std::unique_ptr<Ranks> joined = join_ranks();
  if (!joined) return work();
  use_ranks(*joined);
  hold_stop_until_agreed();
  if (!joined->leads()) silence_log();
  try {
    work();
  } catch (const std::exception& error) {
    // What is wrong for all of them the leader says alone: it ends the others before they speak.
    if (!joined->leads()) std::this_thread::sleep_for(std::chrono::seconds(5));
    std::fprintf(stderr, "deepscaler: rank %ld on %s: %s\n", static_cast<long>(joined->rank()),
                 joined->host().c_str(), error.what());
    std::fflush(stderr);
    joined->end_all(1);
  }
  joined->meet();
  use_ranks(one_rank());
}

void add_train_options(CLI::App& command, TrainOptions& options) {
  command.add_option("--output", options.output, "the run's folder (default: runs/ and the recipe's name)");
  command.add_option("--set", options.overrides, "override a key, e.g. stage.0.optimizer.lr=1e-5")
      ->check(is_text())
      ->allow_extra_args(false);
  command.add_flag("--allow-inexact", options.run.allow_inexact,
                   "go on with a run although another instruction set, precision or version computes now");
  add_runtime_options(command, options.runtime);
  command.add_flag_callback(
      "--help-recipe",
      [] {
        std::fputs(config_manual(config_keys<Recipe>()).c_str(), stdout);
        throw CLI::Success();
      },
      "print every key of a recipe with its default, and exit");
}

void add_train_command(CLI::App& app) {
  auto* command = app.add_subcommand("train", "Carry out a recipe, or go on with it where it was stopped");
  auto options = std::make_shared<TrainOptions>();
  command->add_option("recipe", options->recipe, kRecipeArgument)->required();
  add_train_options(*command, *options);
  command->callback([options] { on_each_rank([&] { run(*options); }); });
}

}  // namespace deepscaler
