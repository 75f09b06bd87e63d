// Recipes that come with the program (base/shipped_folder.h). Each begins with a comment whose first sentence
// says what it is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "run/recipe.h"

namespace deepscaler {

// What the help of a command says of this argument.
inline constexpr const char* kRecipeArgument =
    "the recipe: a TOML file, or a name that `deepscaler recipes` lists";

struct ShippedRecipe {
  std::string name;  // of the file, without .toml
  std::filesystem::path file;
  std::string description;  // the first sentence of its comment
};

// By name. Empty where the program has been moved away from its files.
[[nodiscard]] std::vector<ShippedRecipe> shipped_recipes();

// The file that an argument means: that of this path, or the shipped recipe of this name. Throws Error.
[[nodiscard]] std::filesystem::path recipe_file(const std::string& argument);

// The recipe of such a file, with its overrides, with paths that can be opened, and checked. Throws Error.
[[nodiscard]] Recipe read_recipe(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides);

}  // namespace deepscaler
