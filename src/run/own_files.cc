#include "run/own_files.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// The first part of a path below a run's folder (run/folder.h).
constexpr const char* kOwn[] = {"config.toml", "manifest.json", "metrics.jsonl", "events.out.tfevents.run",
                                "lock",        "checkpointed",  "rollouts",      "eval",
                                "checkpoints"};

bool is_run_folder(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "config.toml", ignored) && fs::exists(folder / "manifest.json", ignored);
}

}  // namespace

std::optional<fs::path> run_that_owns(const fs::path& path) {
  std::error_code error;
  fs::path part = fs::weakly_canonical(path, error);
  if (error) return std::nullopt;
  for (fs::path folder = part.parent_path(); folder != part; part = folder, folder = folder.parent_path()) {
    const bool owned = std::ranges::find(kOwn, part.filename().string()) != std::end(kOwn);
    if (owned && is_run_folder(folder)) return folder;
  }
  return std::nullopt;
}

void require_no_run(const fs::path& model) {
  if (!is_run_folder(model)) return;
  const fs::path best = model / "checkpoints" / "best";
  throw Error(model.string(), "is a run's folder, not a model",
              fs::exists(best)
                  ? fmt::format("name {}", best.string())
                  : fmt::format("name one of the checkpoints in {}", best.parent_path().string()));
}

}  // namespace deepscaler
