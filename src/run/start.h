// How a run starts: anew from the recipe's model, or from the last checkpoint in its folder.
#pragma once

#include <filesystem>
#include <optional>

#include "model/model.h"
#include "run/folder.h"
#include "run/manifest.h"
#include "run/recipe.h"
#include "run/state.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

struct RunStart {
  std::optional<std::filesystem::path> checkpoint;  // none: anew
  RunState state;
  Model model;
  Tokenizer tokenizer;
};

// The folder or file of the weights that the run begins with: the last checkpoint's, where there is one.
[[nodiscard]] std::filesystem::path model_to_start_from(const Recipe& recipe, const RunFolder& folder);

// Loads model and tokenizer. Throws Error for a checkpoint that is damaged, a recipe that differs from the
// folder's in a key that may not change, and a model that can't be trained: whose tokenizer is another
// model's or whose texts can't end. Changes nothing in the folder.
[[nodiscard]] RunStart start_of(const Recipe& recipe, const RunFolder& folder);

// The manifest of a run that begins with `model` now, but for its data.
[[nodiscard]] Manifest manifest_of(const Recipe& recipe, const Model& model);

// The manifest that a run goes on with: that of its beginning. Throws Error where the data are others now,
// and where the bits would be others, unless that is allowed; then it is noted in the manifest.
[[nodiscard]] Manifest manifest_to_go_on_with(Manifest before, const Manifest& now, const std::string& where,
                                              int64_t step, bool allow_inexact);

}  // namespace deepscaler
