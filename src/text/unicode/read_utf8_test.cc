#include "text/unicode/read_utf8.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

TEST(ReadUtf8, OtherEncodingsAreRefusedWithTheFirstByte) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "t.txt";
  const auto read = [&](const std::string& bytes) -> std::string {
    write_file_atomically(path, bytes);
    try {
      return read_utf8(path);
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(read("caf\xc3\xa9\n"), "caf\xc3\xa9\n");
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("caf\xe9 1+1"), path.string() + ": is not UTF-8 at byte 4; save the file as UTF-8");
  EXPECT_EQ(read("\xff\xfe"
                 "a"),
            path.string() + ": is UTF-16, not UTF-8; save the file as UTF-8");
}

}  // namespace
}  // namespace deepscaler
