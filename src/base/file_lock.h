// A lock that one process at a time holds, for folders that two processes must not write to.
#pragma once

#include <filesystem>

namespace deepscaler {

// Held as long as the object lives; the system frees it when the process ends, however it ends. The
// file stays and holds the number of the last process that had the lock. (flock(2): it works across
// processes of one machine, and on NFS across machines.)
class FileLock {
 public:
  // Creates the file if need be. Throws Error naming the folder and the process that holds the lock.
  explicit FileLock(const std::filesystem::path& path);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int descriptor_;
};

}  // namespace deepscaler
