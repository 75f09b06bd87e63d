// Paths in a recipe start at the folder in which the program is run. A file that is not there is looked for
// beside the recipe. So a recipe works from the top of the tree that it belongs to, and from everywhere if
// its data are beside it.
#pragma once

#include <filesystem>

#include "run/recipe.h"

namespace deepscaler {

// Replaces the paths of model and data files by paths that can be opened. A path found at neither place stays
// as it is.
void find_files(Recipe& recipe, const std::filesystem::path& recipe_file);

}  // namespace deepscaler
