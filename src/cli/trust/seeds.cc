// `deepscaler seeds`: a recipe with several seeds, and one table of them.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output_path.h"
#include "cli/recipe/shipped_recipes.h"
#include "cli/recipe/train.h"
#include "trust/seeds.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string seeds = "1..3";
  TrainOptions train;
};

void run(const Options& options) {
  apply(options.train.runtime);
  const std::vector<int64_t> seeds = parse_seeds(options.seeds);
  for (const std::string& text : options.train.overrides) {
    if (!text.starts_with("seed=")) continue;
    throw Error("--set " + text, "has no effect, since the seeds are those of --seeds", "leave it out");
  }
  const fs::path file = recipe_file(options.train.recipe);
  Recipe recipe = read_recipe(file, options.train.overrides);
  if (recipe.eval.data.empty()) {
    throw Error(file.string(), "has no eval.data, so there is nothing to compare",
                "name files or kinds of problems");
  }
  const fs::path folder = options.train.output.empty() ? fs::path("runs") / (file.stem().string() + "-seeds")
                                                       : fs::path(options.train.output);
  std::vector<SeedRun> runs;
  for (const int64_t seed : seeds) {
    recipe.seed = seed;
    const fs::path of_seed = folder / fmt::format("seed-{}", seed);
    require_own_folder(of_seed);
    log_info("run {}: {}", of_seed.string(), computation_text(compute_type_from_name(recipe.model.dtype)));
    const RunResult result = run_recipe(recipe, of_seed, options.train.run);
    if (!result.complete) {
      fmt::print("stopped in seed {} after step {}; the same command goes on from there\n", seed,
                 result.step);
      return;
    }
    runs.push_back({seed, result.evaluations});
  }
  fmt::print("\n{}the runs are in {}\n", seed_table_text(runs), folder.string());
}

}  // namespace

void add_seeds_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("seeds", "Carry out a recipe with several seeds, and print one table of them");
  auto options = std::make_shared<Options>();
  command->add_option("recipe", options->train.recipe, kRecipeArgument)->required();
  command->add_option("--seeds", options->seeds, "a range or a list, as 1..5 or 1,3,8 (default: 1..3)");
  add_train_options(*command, options->train);
  command->get_option("--output")
      ->description("where the runs go (default: runs/ and the recipe's name, -seeds)");
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
