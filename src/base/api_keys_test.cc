#include "base/api_keys.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

TEST(ApiKeys, ComeFromAFileOfTheOwnersAlone) {
  const TemporaryFolder folder;
  const auto path = folder / "keys";
  const auto fault = [&] {
    try {
      (void)read_api_keys(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  const auto read_one = [&] {
    try {
      return read_api_key(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  using std::filesystem::perms;
  write_file_atomically(path, "# of the lab\nalpha\n\n beta \r\n");
  std::filesystem::permissions(path, perms::owner_read | perms::group_read);
  EXPECT_EQ(fault(), path.string() + ": others than its owner may use it; chmod 600 it");
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  EXPECT_EQ(read_api_keys(path), (std::vector<std::string>{"alpha", "beta"}));
  EXPECT_EQ(read_one(), path.string() + ": holds 2 keys; leave the one to send");
  write_file_atomically(path, "# mine\nalpha\n");
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  EXPECT_EQ(read_one(), "alpha");
  write_file_atomically(path, "# none\n");
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  EXPECT_EQ(fault(), path.string() + ": has no keys; write one a line");
}

}  // namespace
}  // namespace deepscaler
