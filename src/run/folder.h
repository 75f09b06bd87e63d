// A run's folder: where everything of a run is (track/run_layout.h), and from which of its checkpoints the
// run goes on. Whatever is written there goes through run/writer.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/file_lock.h"
#include "track/run_layout.h"

namespace deepscaler {

enum class FolderAccess {
  kWrite,  // one process at a time has the folder: it holds the lock
  kRead,  // the process that computes the same beside the one that writes; it takes nothing and makes nothing
};

// One thread owns it.
class RunFolder {
 public:
  // Makes the folder where it is not there, if it is to be written. Throws Error where another process has
  // it, and where it is there, not empty, and no run's.
  explicit RunFolder(const std::filesystem::path& path, FolderAccess access = FolderAccess::kWrite);

  [[nodiscard]] const RunLayout& layout() const { return layout_; }
  [[nodiscard]] bool is_written() const { return lock_.has_value(); }

  // The steps of the checkpoints from which training can go on, ascending.
  [[nodiscard]] std::vector<int64_t> resumable() const;
  // Whether the run has ever had a checkpoint, whatever became of it.
  [[nodiscard]] bool had_checkpoint() const;

 private:
  RunLayout layout_;
  std::optional<FileLock> lock_;
};

}  // namespace deepscaler
