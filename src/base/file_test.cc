#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  TemporaryFolder folder_holder_;
  const fs::path folder_ = folder_holder_.path();
};

TEST_F(FileTest, WriteThenReadGivesTheSameBytes) {
  const std::string bytes("a\0b\n", 4);
  write_file_atomically(folder_ / "x", bytes);
  EXPECT_EQ(read_file(folder_ / "x"), bytes);
  const MappedFile mapped(folder_ / "x");
  EXPECT_EQ(mapped.bytes().size(), 4u);
  EXPECT_EQ(mapped.bytes()[2], std::byte{'b'});
}

TEST_F(FileTest, WhatAMappedFileForgetsIsReadAgain) {
  const std::string bytes(20000, 'a');
  write_file_atomically(folder_ / "x", bytes);
  const MappedFile mapped(folder_ / "x");
  mapped.forget(mapped.bytes());
  mapped.forget(mapped.bytes().subspan(5000, 9000));
  mapped.forget({});
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size()), bytes);
}

TEST_F(FileTest, UncommittedWriteLeavesTheOldFile) {
  write_file_atomically(folder_ / "x", "old");
  {
    AtomicFile file(folder_ / "x");
    file.write("new");
  }
  EXPECT_EQ(read_file(folder_ / "x"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(FileTest, MissingFileNamesPathAndRemedy) {
  try {
    (void)read_file(folder_ / "none");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(),
              (folder_ / "none").string() +
                  ": can't open: No such file or directory; check the path and its permissions");
  }
}

TEST_F(FileTest, FoldersAndEmptyFiles) {
  EXPECT_THROW((void)read_file(folder_), Error);
  EXPECT_THROW(MappedFile{folder_}, Error);
  write_file_atomically(folder_ / "empty", "");
  EXPECT_TRUE(MappedFile(folder_ / "empty").bytes().empty());
}

// A name may stand for something else than a file, which must not be replaced by one.
TEST(AtomicFile, LinksAndPipesStayWhatTheyAre) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target"), "new");

  const std::filesystem::path pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  write_file_atomically(pipe, "abc");
  char bytes[4] = {};
  EXPECT_EQ(read(reader, bytes, sizeof bytes), 3);
  close(reader);
  EXPECT_STREQ(bytes, "abc");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_FALSE(std::filesystem::exists(folder / "pipe.tmp"));
}

}  // namespace
}  // namespace deepscaler
