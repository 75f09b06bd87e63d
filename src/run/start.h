// How a run starts: anew from the recipe's model, or from the last checkpoint in its folder.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "model/model.h"
#include "run/folder.h"
#include "run/manifest.h"
#include "run/recipe.h"
#include "run/state.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// Where a run starts, before anything large is read.
struct RunStart {
  std::filesystem::path model;  // folder or file of its weights, or of the config of random ones
  ModelConfig config;
  std::optional<std::filesystem::path> checkpoint;  // none: anew
  RunState state;
  std::string date;  // what a chat template is told: the recipe's, or the day on which the run began
};

// Throws Error for a model whose config can't be read, a checkpoint without a sound state, and a recipe that
// differs from the folder's in a key that may not change. Changes nothing in the folder.
[[nodiscard]] RunStart start_of(const Recipe& recipe, const RunFolder& folder);

// The weights and the tokenizer of a run's policy, computing as the recipe says.
struct LoadedModel {
  Model model;
  Tokenizer tokenizer;
};

// Throws Error for a damaged checkpoint, and for a model that can't be trained: its tokenizer is another
// model's, or its texts can't end.
[[nodiscard]] LoadedModel load_model(const Recipe& recipe, const RunStart& start, const RunFolder& folder);
// The weights of [model], as the run began with them.
[[nodiscard]] Model load_first_model(const Recipe& recipe);

// Does `work`, which reads files of a checkpoint. Turns an Error about these files into one that says how the
// run goes on without the checkpoint.
void read_checkpoint(const std::filesystem::path& checkpoint, const RunFolder& folder,
                     const std::function<void()>& work);

// The manifest of a run that begins with `model` now, without the hashes of its data.
[[nodiscard]] Manifest manifest_of(const Recipe& recipe, const Model& model);

// The manifest that a run goes on with: `before`, that of its beginning. Throws Error where the data have
// changed. Where the bits would change, throws Error too, or notes it in the manifest if `allow_inexact`.
[[nodiscard]] Manifest manifest_to_go_on_with(Manifest before, const Manifest& now, const std::string& where,
                                              int64_t step, bool allow_inexact);

}  // namespace deepscaler
