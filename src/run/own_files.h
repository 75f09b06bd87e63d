// Which paths belong to a run: files that a run writes, goes on with and clears by itself. Nothing else
// may be written there. Beside them nothing of others has a place either, in a run's folder or a model's.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace deepscaler {

// The folder of the run that `path` belongs to, or nothing. `path` need not exist. A run's report is not one
// of its own files, since it can be made again at any time.
[[nodiscard]] std::optional<std::filesystem::path> run_that_owns(const std::filesystem::path& path);

// A run or a model, and its folder.
struct Owner {
  std::string_view what;  // "run" or "model"
  std::filesystem::path folder;
};

// The nearest one in whose folder `path` lies; `path` itself need not exist, and does not count.
[[nodiscard]] std::optional<Owner> owner_of(const std::filesystem::path& path);

// Throws Error where `model` is the folder of a run. The message says which of its checkpoints to name
// instead.
void require_no_run(const std::filesystem::path& model);

}  // namespace deepscaler
