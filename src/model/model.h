// A model in memory: its config, its weights and its table of rotary angles; loaded from an HF folder
// or a GGUF file, saved as an HF folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "model/config.h"
#include "model/parameters.h"
#include "ops/pointwise.h"
#include "tensor/dtype.h"

namespace deepscaler {

class Model {
 public:
  // All weights zero.
  explicit Model(ModelConfig config);

  // Throws Error naming file and tensor for what is missing, misshapen, not finite or unknown. Takes no
  // more memory than a fixed multiple of the file.
  [[nodiscard]] static Model load(const std::filesystem::path& path);

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  [[nodiscard]] const ParameterTable& table() const { return table_; }
  [[nodiscard]] const RopeTable& rope() const { return rope_; }
  [[nodiscard]] float* weights() { return weights_.data(); }
  [[nodiscard]] const float* weights() const { return weights_.data(); }

  [[nodiscard]] ConstPanelView panels(int index) const { return panels_of(table_, weights_.data(), index); }
  [[nodiscard]] std::span<const float> vector(int index) const {
    return vector_of(table_, weights_.data(), index);
  }

  // Names the weights: equal for equal bits of every parameter, whatever file they came from.
  [[nodiscard]] std::string hash() const;

 private:
  ModelConfig config_;
  ParameterTable table_;
  RopeTable rope_;
  Buffer<float> weights_;
};

// Every weight from N(0, std^2) by a counter of the seed, norms one: for tests and benchmarks.
void randomize(Model& model, uint64_t seed, float std);

// config.json and model.safetensors into an existing folder, for transformers. dtype is F32, BF16 or
// F16. Throws Error, also for a weight that is too large for F16.
void save_hf_model(const Model& model, const std::filesystem::path& folder, DType dtype = DType::kF32);

}  // namespace deepscaler
