#include "run/folder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

class RunFolderTest : public testing::Test {
 protected:
  static std::string refusal(const fs::path& path) {
    try {
      const RunFolder run(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "run";
  const RunFolder run_{folder_};
};

TEST_F(RunFolderTest, OneProcessAtATimeHasIt) {
  EXPECT_NE(refusal(folder_).find("is in use by process"), std::string::npos);
}

TEST_F(RunFolderTest, OnlyAnEmptyFolderOrARunsIsTaken) {
  const fs::path other = temporary_.path() / "other";
  fs::create_directories(other);
  EXPECT_EQ(refusal(other), "");
  EXPECT_EQ(refusal(other), "") << "what a process leaves that was killed at once";
  write_file_atomically(other / "thesis.txt", "");
  EXPECT_EQ(
      refusal(other),
      other.string() + ": is there already, not empty, and not a run's folder; choose another --output");
  write_file_atomically(other / "config.toml", "");
  EXPECT_EQ(refusal(other), "");
}

TEST_F(RunFolderTest, WhoOnlyReadsTakesAndMakesNothing) {
  const RunFolder beside(folder_, FolderAccess::kRead);
  EXPECT_FALSE(beside.is_written());
  EXPECT_TRUE(run_.is_written());
  const RunFolder nowhere(temporary_ / "none", FolderAccess::kRead);
  EXPECT_TRUE(nowhere.resumable().empty());
  EXPECT_FALSE(fs::exists(temporary_ / "none"));
}

}  // namespace
}  // namespace deepscaler
