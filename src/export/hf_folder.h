// A model as a Hugging Face folder, whole or not at all: config.json, model.safetensors, tokenizer.json
// and tokenizer_config.json, which transformers loads as they are.
#pragma once

#include <filesystem>

#include "model/model.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// `folder` must not exist yet, or be empty. dtype is F32, BF16 or F16. Throws Error, also for a weight
// that is too large for F16.
void write_hf_folder(const Model& model, const Tokenizer& tokenizer, DType dtype,
                     const std::filesystem::path& folder);

}  // namespace deepscaler
