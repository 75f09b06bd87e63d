// A run: a recipe carried out into a folder (run/folder.h), stage by stage. A run that was stopped or killed
// goes on from its last checkpoint, to the same bits as an unbroken run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run/evaluations.h"
#include "run/folder.h"
#include "run/recipe.h"

namespace deepscaler {

struct RunOptions {
  // Go on although another instruction set, precision, token budget or version computes from now on.
  bool allow_inexact = false;
  // kRead: compute the run of another process beside it, and write nothing.
  FolderAccess access = FolderAccess::kWrite;
  // Leave the run after this step, before what is due after it: for those who want the steps alone.
  std::optional<int64_t> last_step;
};

struct RunResult {
  bool complete = false;   // false: the user asked to stop, or last_step was reached
  int64_t step = 0;        // the last one
  int64_t trained_on = 0;  // evaluation problems that are in a stage's data too
  // In order: the evaluation at the start, then one a stage. Empty unless complete.
  std::vector<RunEvaluation> evaluations;
};

// Carries out the recipe, from the beginning or from the folder's last checkpoint. When the user asks to
// stop, finishes the updates under way, drops what can be made again, saves, and returns.
//
// Throws Error, among others where another process has the folder, where the recipe differs from the folder's
// in a key that may not change (run/recipe_changes.h), and where other bits would come out (run/manifest.h).
// The last checkpoint then stays as it is.
[[nodiscard]] RunResult run_recipe(const Recipe& recipe, const std::filesystem::path& folder,
                                   const RunOptions& options = {});

}  // namespace deepscaler
