#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

// What the holder wrote into the file, as far as it did: it may have been stopped before.
std::string holder(const std::filesystem::path& path) {
  std::string number = read_file(path);
  while (!number.empty() && number.back() == '\n') number.pop_back();
  return number.empty() ? "another process" : "process " + number;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path)
    : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) {
    throw Error(path.string(), fmt::format("can't create: {}", std::strerror(errno)),
                "check that the folder exists and is writable");
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    close(descriptor_);
    if (reason != EWOULDBLOCK) {
      throw Error(path.string(), fmt::format("can't lock: {}", std::strerror(reason)),
                  "use a file system that has locks");
    }
    throw Error(path.parent_path().string(), fmt::format("is in use by {}", holder(path)),
                "wait until that process ends, or stop it");
  }
  const std::string number = fmt::format("{}\n", getpid());
  // The number only serves the message above: a full disk must not keep a run from resuming.
  if (ftruncate(descriptor_, 0) == 0) (void)!pwrite(descriptor_, number.data(), number.size(), 0);
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace deepscaler
