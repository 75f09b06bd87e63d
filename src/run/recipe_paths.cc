#include "run/recipe_paths.h"

#include <string>
#include <vector>

namespace deepscaler {

namespace fs = std::filesystem;

void find_files(Recipe& recipe, const fs::path& recipe_file) {
  const fs::path beside = recipe_file.parent_path();
  const auto find = [&](std::string& path) {
    std::error_code ignored;
    if (path.empty() || fs::exists(path, ignored) || !fs::exists(beside / path, ignored)) return;
    path = (beside / path).lexically_normal().string();
  };
  const auto find_all = [&](std::vector<std::string>& paths) {
    for (std::string& path : paths) find(path);
  };
  find(recipe.model.path);
  find(recipe.model.random);
  find_all(recipe.eval.data.files);
  for (StageConfig& stage : recipe.stages) {
    find_all(stage.data.files);
    for (std::string* path : stage.settings().files()) find(*path);
  }
}

}  // namespace deepscaler
