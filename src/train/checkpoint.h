// Checkpoints: HF folders that transformers and our own commands load as they are.
#pragma once

#include <filesystem>

#include "model/model.h"
#include "text/tokenizer.h"

namespace deepscaler {

// Writes model.safetensors, config.json and the tokenizer's files into `folder`, which appears whole
// with its marker DONE, or not at all: everything goes into a temporary folder first. Replaces what was
// there. Throws Error.
void save_checkpoint(const std::filesystem::path& folder, const Model& model, const Tokenizer& tokenizer);

}  // namespace deepscaler
