// docs/recipes.md and the program name the same keys.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/config_manual.h"
#include "base/file.h"
#include "run/recipe.h"

namespace deepscaler {
namespace {

TEST(RecipeManual, ListsEveryKeyAsTheProgramDoes) {
  const auto root = std::filesystem::path(DEEPSCALER_GOLDENS).parent_path().parent_path();
  const std::string page = read_file(root / "docs" / "recipes.md");
  const std::string fence = "\n```\n";
  const size_t begin = page.find(fence);
  ASSERT_NE(begin, std::string::npos);
  const size_t first = begin + fence.size();
  std::string manual = config_manual(config_keys<Recipe>());
  while (manual.starts_with('\n')) manual.erase(0, 1);
  // The shell that writes the page takes off the last line's end.
  EXPECT_EQ(page.substr(first, page.find("```", first) - first), manual)
      << "run scripts/update-recipe-docs.sh";
}

TEST(RecipeManual, EveryKeyIsDescribed) {
  for (const ConfigKey& key : config_keys<Recipe>()) EXPECT_FALSE(key.description.empty()) << key.path;
}

}  // namespace
}  // namespace deepscaler
