#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "base/error.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

std::string refusal(const std::filesystem::path& path) {
  try {
    const FileLock lock(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(FileLock, NamesTheProcessThatHoldsIt) {
  const TemporaryFolder folder;
  std::optional<FileLock> lock(std::in_place, folder / "lock");
  EXPECT_EQ(refusal(folder / "lock"),
            fmt::format("{}: is in use by process {}; wait until that process ends, or stop it",
                        folder.path().string(), getpid()));
  lock.reset();
  EXPECT_EQ(refusal(folder / "lock"), "");
}

TEST(FileLock, IsFreeOnceItsHolderIsKilled) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FileLock lock(folder / "lock");
    (void)!write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_NE(refusal(folder / "lock").find(fmt::format("process {};", child)), std::string::npos);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  EXPECT_EQ(refusal(folder / "lock"), "");
}

TEST(FileLock, SaysWhereItCantBe) {
  const TemporaryFolder folder;
  EXPECT_EQ(refusal(folder / "none/lock"),
            (folder / "none/lock").string() +
                ": can't create: No such file or directory; check that the folder exists and is writable");
}

}  // namespace
}  // namespace deepscaler
