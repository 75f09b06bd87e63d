#include "run/folder.h"

#include "base/error.h"
#include "train/checkpoint.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// A run writes its config first, so a folder without one holds at most what the very beginning left.
void make_folder(const RunLayout& run) {
  std::error_code error;
  fs::create_directories(run.path, error);
  if (error) throw Error(run.path.string(), "can't create: " + error.message(), "check the path");
  if (fs::exists(run.config())) return;
  for (const auto& entry : fs::directory_iterator(run.path)) {
    if (entry.path() == run.lock() || entry.path() == run.config().string() + ".tmp") continue;
    throw Error(run.path.string(), "is there already, not empty, and not a run's folder",
                "choose another --output");
  }
}

}  // namespace

RunFolder::RunFolder(const fs::path& path, FolderAccess access) : layout_{path} {
  if (access == FolderAccess::kRead) return;
  make_folder(layout_);
  lock_.emplace(layout_.lock());
}

std::vector<int64_t> RunFolder::resumable() const {
  std::vector<int64_t> steps = layout_.checkpoint_steps();
  std::erase_if(steps, [&](int64_t step) { return !can_resume(layout_.checkpoint(step)); });
  return steps;
}

bool RunFolder::had_checkpoint() const { return fs::exists(layout_.checkpointed()); }

}  // namespace deepscaler
