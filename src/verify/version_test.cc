#include "verify/version.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/sha256.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

bool gives_verdicts(const fs::path& file) {
  const std::string name = file.filename();
  if (name == "counted_heap.h" || name == "hostile_answers.h" || name.ends_with("_test.cc")) return false;
  return name.ends_with(".h") || name.ends_with(".cc");
}

// A verdict belongs to the sources that gave it: none of them, in whatever folder, may be missing.
TEST(Version, IsTheHashOfEverySourceOfTheVerifier) {
  std::vector<std::string> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(DEEPSCALER_GOLDENS) / "../../src/verify")) {
    if (gives_verdicts(entry.path())) files.push_back(entry.path().lexically_normal());
  }
  ASSERT_GT(files.size(), 50u);
  std::ranges::sort(files);
  std::string hashes;
  for (const std::string& file : files) hashes += sha256_of_file(file);
  EXPECT_EQ(verifier_version(), DEEPSCALER_VERSION "+" + sha256_hex(hashes).substr(0, 12));
}

}  // namespace
}  // namespace deepscaler
