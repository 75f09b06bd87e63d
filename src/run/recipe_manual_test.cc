// docs/recipes.md and the program name the same keys.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/config.h"
#include "base/config_manual.h"
#include "base/file.h"
#include "run/foreign_names.h"
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

// The table of other programs' names: one row for each of ours, as in the code.
TEST(RecipeManual, HasTheNamesOfOtherPrograms) {
  const auto root = std::filesystem::path(DEEPSCALER_GOLDENS).parent_path().parent_path();
  const std::string page = read_file(root / "docs" / "recipes.md");
  std::string table = "| there | here |\n|---|---|\n", key;
  for (const ConfigForeignName& other : foreign_names()) {
    if (other.key != key && !key.empty()) table += fmt::format(" | `{}` |\n", key);
    table += fmt::format("{}`{}`", other.key == key ? ", " : "| ", other.name);
    key = other.key;
  }
  table += fmt::format(" | `{}` |\n", key);
  EXPECT_NE(page.find(table), std::string::npos) << table;
}

TEST(RecipeManual, EveryForeignNameStandsForAKey) {
  const auto keys = config_keys<Recipe>();
  for (const ConfigForeignName& other : foreign_names()) {
    const bool known = std::ranges::any_of(keys, [&](const ConfigKey& key) {
      return key.path.ends_with(fmt::format(".{}", other.key)) || key.path == other.key;
    });
    EXPECT_TRUE(known) << other.name << " " << other.key;
    EXPECT_FALSE(std::ranges::any_of(
        keys, [&](const ConfigKey& key) { return key.path.ends_with(fmt::format(".{}", other.name)); }))
        << other.name << " is a key of ours too";
  }
}

TEST(RecipeManual, EveryKeyIsDescribed) {
  for (const ConfigKey& key : config_keys<Recipe>()) EXPECT_FALSE(key.description.empty()) << key.path;
}

}  // namespace
}  // namespace deepscaler
