#include "cli/recipe/shipped_recipes.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/shipped_folder.h"
#include "run/recipe_paths.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// The comment at the top of a text, up to its first empty line, as one line.
std::string heading(const std::string& text) {
  std::istringstream lines(text);
  std::string joined;
  for (std::string line; std::getline(lines, line) && line.starts_with("# ");) {
    joined += (joined.empty() ? "" : " ") + line.substr(2);
  }
  return joined;
}

std::string first_sentence(const std::string& text) { return text.substr(0, text.find(". ")); }

}  // namespace

std::vector<ShippedRecipe> shipped_recipes() {
  std::vector<ShippedRecipe> recipes;
  const auto folder = shipped_folder("recipes");
  if (!folder) return recipes;
  for (const auto& entry : fs::directory_iterator(*folder)) {
    if (entry.path().extension() != ".toml") continue;
    std::string description = first_sentence(heading(read_file(entry.path())));
    if (description.ends_with('.')) description.pop_back();
    recipes.push_back({entry.path().stem().string(), entry.path(), std::move(description)});
  }
  std::ranges::sort(recipes, {}, &ShippedRecipe::name);
  return recipes;
}

fs::path recipe_file(const std::string& argument) {
  const bool is_path = argument.find('/') != std::string::npos || argument.ends_with(".toml");
  std::error_code ignored;
  if (is_path || fs::is_regular_file(argument, ignored)) return argument;
  std::vector<std::string> names;
  for (const ShippedRecipe& recipe : shipped_recipes()) {
    if (recipe.name == argument) return recipe.file;
    names.push_back(recipe.name);
  }
  const auto nearest = nearest_name(argument, names);
  throw Error(argument, "is neither a file nor the name of a recipe",
              nearest ? "did you mean " + *nearest + "?" : "`deepscaler recipes` lists those there are");
}

Recipe read_recipe(const fs::path& file, const std::vector<std::string>& overrides) {
  auto recipe = read_config<Recipe>(file.string(), overrides);
  find_files(recipe, file);
  validate(recipe, file.string());
  return recipe;
}

}  // namespace deepscaler
