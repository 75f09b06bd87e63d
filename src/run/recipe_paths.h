// Paths in a recipe start at the folder in which the program is run; what is not there is looked for beside
// the recipe. So a recipe works from the top of a tree that it belongs to, and from everywhere if its data
// lie beside it.
#pragma once

#include <filesystem>

#include "run/recipe.h"

namespace deepscaler {

// Puts the paths of model and data files into the form in which they can be opened. Those found at neither
// place stay as they are.
void find_files(Recipe& recipe, const std::filesystem::path& recipe_file);

}  // namespace deepscaler
