// Checkpoints: HF folders that transformers and our own commands load as they are, with what training
// needs beside the model to go on as if it had never stopped.
//
//   model.safetensors  config.json  tokenizer.json  tokenizer_config.json
//   optimizer.safetensors  state.json  models/  DONE      of training (track/run_layout.h)
//
// A folder appears under its name whole: it is filled under a name that ends in ".tmp", synced, and
// renamed. It disappears the other way round. So what a killed process leaves is a complete checkpoint
// or a ".tmp".
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "model/model.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// References to what the caller owns.
struct CheckpointContents {
  const Model& model;
  const Tokenizer& tokenizer;
  const nlohmann::ordered_json& state;
  // Writes the files of training into the folder: the optimizer's, and other models.
  std::function<void(const std::filesystem::path& folder)> save_training;
};

// Writes the folder, or throws Error (a full disk, ...) and leaves nothing of it. It must not exist yet.
void save_checkpoint(const std::filesystem::path& folder, const CheckpointContents& contents);

// Whether training can go on from the folder: it is complete, and was not reduced to its model.
[[nodiscard]] bool can_resume(const std::filesystem::path& folder);

// The checkpoint's state.json. Throws Error for one that is not JSON.
[[nodiscard]] nlohmann::ordered_json read_state(const std::filesystem::path& folder);
// Puts another in its place, where the run has moved on and its weights have not.
void replace_state(const std::filesystem::path& folder, const nlohmann::ordered_json& state);

// Removes all but the model and its tokenizer, first of all what makes the folder resumable.
void reduce_to_model(const std::filesystem::path& folder);
void remove_checkpoint(const std::filesystem::path& folder);
// Removes what processes that were killed left half-written or half-removed in a folder of checkpoints.
void remove_unfinished(const std::filesystem::path& checkpoints);

}  // namespace deepscaler
