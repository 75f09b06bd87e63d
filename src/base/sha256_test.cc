#include "base/sha256.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

// FIPS 180-2, appendix B, and the empty message.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfAFile) {
  const TemporaryFolder folder;
  const auto path = folder / "abc";
  write_file_atomically(path, "abc");
  EXPECT_EQ(sha256_of_file(path), sha256_hex("abc"));
  std::filesystem::remove(path);
  EXPECT_THROW((void)sha256_of_file(path), Error);
}

}  // namespace
}  // namespace deepscaler
