// `deepscaler sft`: supervised fine-tuning, from a recipe or from a model and a file.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/config.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/recipe/shipped_recipes.h"
#include "cli/recipe/train.h"

namespace deepscaler {
namespace {

struct Options {
  TrainOptions train;
  std::string model;
  std::string data;
};

// The recipe that --model and --data stand for; --set changes what is not as it should be.
constexpr const char* kRecipe = "[[stage]]\nkind = \"sft\"\nepochs = 1\noptimizer.lr = 2e-5\n";

std::string quoted(const std::string& text) {
  if (text.find('\'') != std::string::npos || text.find('\n') != std::string::npos) {
    throw Error(text, "a path with quotes or line breaks", "rename the file");
  }
  return "'" + text + "'";
}

Recipe recipe_of(const Options& options) {
  if (!options.train.recipe.empty()) return read_recipe(options.train.recipe, options.train.overrides);
  Recipe recipe;
  std::vector<std::string> overrides = {"model.path=" + quoted(options.model),
                                        "stage.0.data.files=[" + quoted(options.data) + "]"};
  overrides.insert(overrides.end(), options.train.overrides.begin(), options.train.overrides.end());
  read_config_text(kRecipe, "sft", overrides, [&](ConfigSection& section) { bind(section, recipe); });
  validate(recipe, "sft");
  return recipe;
}

void run(Options options) {
  TrainOptions& train = options.train;
  if (train.recipe.empty() && options.model.empty()) {
    throw Error("sft", "there is nothing to train on", "name a recipe, or --model and --data");
  }
  apply(train.runtime);
  if (!train.recipe.empty()) train.recipe = recipe_file(train.recipe).string();
  const Recipe recipe = recipe_of(options);
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    if (!recipe.stages[i].settings().samples_responses()) continue;
    throw Error(train.recipe, fmt::format("stage.{} is of kind \"{}\"", i, recipe.stages[i].kind),
                "use `deepscaler train` for recipes with other stages than sft");
  }
  if (train.recipe.empty()) train.recipe = options.data;  // what the run's folder is named after
  run_and_print(recipe, train);
}

}  // namespace

void add_sft_command(CLI::App& app) {
  auto* command = app.add_subcommand("sft", "Supervised fine-tuning, from a recipe or on a file of examples");
  auto options = std::make_shared<Options>();
  auto* recipe = command->add_option("recipe", options->train.recipe, "a recipe whose stages are sft");
  auto* model =
      command->add_option("--model", options->model, "Hugging Face folder or GGUF file, without a recipe");
  auto* data = command->add_option("--data", options->data,
                                   "examples, JSONL: messages, prompt and completion, or text");
  model->needs(data)->excludes(recipe);
  data->needs(model);
  add_train_options(*command, options->train);
  command->callback([options] { on_each_rank([&] { run(*options); }); });
}

}  // namespace deepscaler
