// Which paths belong to a run: files that a run writes, goes on with and clears by itself. Nothing else
// may be written there.
#pragma once

#include <filesystem>
#include <optional>

namespace deepscaler {

// The folder of the run to which the file or folder at `path`, there or not, belongs; nothing where it
// belongs to none. A report of a run is not among its own files: it can be made again at any time.
[[nodiscard]] std::optional<std::filesystem::path> run_that_owns(const std::filesystem::path& path);

// Throws Error where the folder of a run is given as a model: which of its checkpoints to name.
void require_no_run(const std::filesystem::path& model);

}  // namespace deepscaler
