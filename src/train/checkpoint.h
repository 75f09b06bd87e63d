// Checkpoints: HF folders that transformers and our own commands load as they are, with what training
// needs beside the model to go on as if it had never stopped.
//
//   model.safetensors  config.json  tokenizer.json  tokenizer_config.json
//   optimizer.safetensors  state.json  models/  DONE      of training (track/run_layout.h)
//
// Of an adapted model the first two are the files of its adapter (model/adapter_file.h), which PEFT loads.
//
// A folder appears under its name whole: it is filled under a name that ends in ".tmp", synced, and renamed.
// To be removed it is first renamed to such a name. So a killed process leaves complete checkpoints and
// ".tmp" folders.
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
  // Writes what training needs beside the model into the folder: the optimizer's file, and other models.
  std::function<void(const std::filesystem::path& folder)> save_training;
};

// Writes the folder, which must not exist yet. Throws Error (a full disk, ...) and then leaves nothing
// behind.
void save_checkpoint(const std::filesystem::path& folder, const CheckpointContents& contents);

// Whether training can go on from the folder: the folder is complete, and was not reduced to its model.
[[nodiscard]] bool can_resume(const std::filesystem::path& folder);

// The checkpoint's state.json. Throws Error for one that is not JSON.
[[nodiscard]] nlohmann::ordered_json read_state(const std::filesystem::path& folder);
// Replaces the checkpoint's state.json, where the run has moved on and its weights have not.
void replace_state(const std::filesystem::path& folder, const nlohmann::ordered_json& state);

// Removes all but the model, its tokenizer, and the scorers among the models beside it, which stages have
// made (engine/scorer.h). What makes the folder resumable goes first.
void reduce_to_model(const std::filesystem::path& folder);
void remove_checkpoint(const std::filesystem::path& folder);
// Removes what killed processes left half-written or half-removed in a folder of checkpoints.
void remove_unfinished(const std::filesystem::path& checkpoints);

}  // namespace deepscaler
