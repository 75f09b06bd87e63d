// `deepscaler recipes`: the recipes that come with the program, and the text of one.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/recipe/shipped_recipes.h"

namespace deepscaler {
namespace {

void list_recipes() {
  const std::vector<ShippedRecipe> recipes = shipped_recipes();
  if (recipes.empty()) {
    throw Error("recipes", "are not beside the program", "install it whole, or run it where it was built");
  }
  const size_t width =
      std::ranges::max(recipes, {}, [](const auto& each) { return each.name.size(); }).name.size();
  for (const ShippedRecipe& recipe : recipes)
    fmt::print("{:<{}}  {}\n", recipe.name, width, recipe.description);
}

void run(const std::string& name) {
  if (name.empty()) return list_recipes();
  fmt::print("{}", read_file(recipe_file(name)));
}

}  // namespace

void add_recipes_command(CLI::App& app) {
  auto* command = app.add_subcommand("recipes", "List the recipes that `train` knows by name, or print one");
  auto name = std::make_shared<std::string>();
  command->add_option("recipe", *name,
                      "a recipe, whose text is printed: to read, or as the start of another");
  command->callback([name] { run(*name); });
}

}  // namespace deepscaler
