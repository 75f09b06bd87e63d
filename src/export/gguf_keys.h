// What a GGUF file says of a model beside its tensors: the keys that llama.cpp's converter writes for a
// Hugging Face folder.
#pragma once

#include <filesystem>
#include <vector>

#include "formats/gguf_writer.h"
#include "model/config.h"

namespace deepscaler {

// Throws Error naming the folder for what such keys can't say.
[[nodiscard]] GgufKeys gguf_keys_of_folder(const std::filesystem::path& folder, const ModelConfig& config);

// What the rotary frequencies of a Llama 3 are divided by (`rope_freqs.weight`), a number a pair; of others
// nothing.
[[nodiscard]] std::vector<float> rope_divisors(const ModelConfig& config);

}  // namespace deepscaler
