// Adapters on disk, as PEFT (github.com/huggingface/peft) writes and reads them: a folder with
//
//   adapter_config.json          rank, scale, the matrices that are adapted, and the base model's path
//   adapter_model.safetensors    "base_model.model." + the name of A or B in the adapted model's table, in
//   f32
#pragma once

#include <filesystem>

#include "model/model.h"

namespace deepscaler {

// Whether a path is the folder of an adapter.
[[nodiscard]] bool is_adapter(const std::filesystem::path& path);

// The base model that an adapter's folder names. A relative path counts from the working directory, or from
// the folder. Throws Error where nothing is there.
[[nodiscard]] std::filesystem::path adapter_base(const std::filesystem::path& folder);

// The adapter over its base. Throws Error naming file and key or tensor for what is missing or damaged, does
// not fit the base, or asks for what is not computed here (DoRA, matrices of other ranks, ...).
[[nodiscard]] Model load_adapted(const std::filesystem::path& folder, QuantizedAs quantized);

// The same over a base that has been loaded, whatever the folder names.
[[nodiscard]] Model load_adapter_over(Model base, const std::filesystem::path& folder);

// Replaces the numbers of an adapted model by those of an adapter of the same settings. Throws Error.
void read_adapter(const std::filesystem::path& folder, Model& model);

// Writes a model into an existing folder: save_hf_model() or, of an adapted model, both files of its adapter.
// Its base must have been loaded from a path (CHECK). Throws Error.
void save_model(const Model& model, const std::filesystem::path& folder);

}  // namespace deepscaler
