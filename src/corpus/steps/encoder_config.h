// The encoder of rules that compare embeddings: settings that `duplicates` and `decontaminate` share.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "corpus/steps/step.h"

namespace deepscaler {

struct EncoderConfig {
  std::string folder;   // of all-MiniLM-L6-v2; needed where a rule compares embeddings
  double cosine = 0.9;  // above it two problems count as the same (DeepScaleR)
};

void bind(ConfigSection& section, EncoderConfig& config);

// Throws Error naming `where` where no folder is named.
void require_encoder(const EncoderConfig& config, const std::string& where);

// The kernels, to which the bits of embeddings belong: {"kernels", name}.
[[nodiscard]] std::pair<std::string, std::string> encoder_version();

// The encoder's files, which a step reads. Throws Error for what is not there.
[[nodiscard]] std::vector<std::filesystem::path> encoder_files(const EncoderConfig& config,
                                                               const StepContext& context);

}  // namespace deepscaler
