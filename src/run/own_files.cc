#include "run/own_files.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// Of a file that is being written, the name that it gets.
bool is_own_name(const fs::path& name) {
  const fs::path whole = name.extension() == ".tmp" ? name.stem() : name;
  return std::ranges::count(RunLayout::own_names(), whole.string()) > 0;
}

bool holds_model(const fs::path& folder) {
  std::error_code ignored;
  const auto has = [&](const char* name) { return fs::exists(folder / name, ignored); };
  return has("config.json") && (has("model.safetensors") || has("model.safetensors.index.json"));
}

}  // namespace

std::optional<fs::path> run_that_owns(const fs::path& path) {
  std::error_code error;
  fs::path part = fs::weakly_canonical(path, error);
  if (error) return std::nullopt;
  for (fs::path folder = part.parent_path(); folder != part; part = folder, folder = folder.parent_path()) {
    if (is_own_name(part.filename()) && RunLayout{folder}.is_run()) return folder;
  }
  return std::nullopt;
}

std::optional<Owner> owner_of(const fs::path& path) {
  std::error_code error;
  fs::path part = fs::weakly_canonical(path, error);
  if (error) return std::nullopt;
  for (fs::path folder = part.parent_path(); folder != part; part = folder, folder = folder.parent_path()) {
    if (RunLayout{folder}.is_run()) return Owner{"run", folder};
    if (holds_model(folder)) return Owner{"model", folder};
  }
  return std::nullopt;
}

void require_no_run(const fs::path& model) {
  const RunLayout run{model};
  if (!run.is_run()) return;
  const fs::path best = run.best();
  throw Error(model.string(), "is a run's folder, not a model",
              fs::exists(best)
                  ? fmt::format("name {}", best.string())
                  : fmt::format("name one of the checkpoints in {}", run.checkpoints().string()));
}

}  // namespace deepscaler
