// A model in memory: its config, its weights and its table of rotary angles; loaded from an HF folder
// or a GGUF file, saved as an HF folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/config.h"
#include "model/parameters.h"
#include "ops/matmul/bf16_matmul.h"
#include "ops/rows/pointwise.h"
#include "tensor/dtype.h"

namespace deepscaler {

// What products compute in, with weights (those of the backward pass: model/linear.h) and in attention
// (ops/attention/attention.h); all else is f32.
enum class ComputeType { kF32, kBf16 };
[[nodiscard]] std::string_view compute_type_name(ComputeType type);  // "f32", "bf16"
// Of "f32", "bf16" or "auto": bf16 where a CPU's bf16 dot product is faster than its f32 FMA, else f32.
// Throws Error for other names.
[[nodiscard]] ComputeType compute_type_from_name(std::string_view name);

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
  // Writable: the copy in bf16, where there is one, is made anew before its next use.
  [[nodiscard]] float* weights() {
    rounded_stale_ = true;
    return weights_.data();
  }
  [[nodiscard]] const float* weights() const { return weights_.data(); }

  [[nodiscard]] ConstPanelView panels(int index) const { return panels_of(table_, weights_.data(), index); }
  [[nodiscard]] std::span<const float> vector(int index) const {
    return vector_of(table_, weights_.data(), index);
  }

  // f32 from the start. bf16 takes half as much memory again, and keeps keys and values in bf16. Throws Error
  // for a model whose matrices have an odd number of inputs.
  void compute_in(ComputeType type);
  [[nodiscard]] ComputeType compute_type() const { return compute_type_; }
  // The tokens that end a response: those of the config at first (model/text_ends.h).
  void end_responses_at(std::vector<int32_t> tokens) { config_.eos = std::move(tokens); }
  // Not from two threads at a time.
  [[nodiscard]] Bf16PanelView rounded_panels(int index) const;

  // Names the weights: equal for equal bits of every parameter, whatever file they came from.
  [[nodiscard]] std::string hash() const;

 private:
  ModelConfig config_;
  ParameterTable table_;
  RopeTable rope_;
  Buffer<float> weights_;
  ComputeType compute_type_ = ComputeType::kF32;
  mutable Buffer<float> rounded_;  // panels of pairs of bf16, at half the offsets of the table
  mutable bool rounded_stale_ = true;
};

// The config alone of what Model::load() reads. Throws Error.
[[nodiscard]] ModelConfig read_model_config(const std::filesystem::path& path);

// Every weight from N(0, std^2) by a counter of the seed, norms one: for tests and benchmarks.
void randomize(Model& model, uint64_t seed, float std);

// Copies every parameter that both models have, by name and shape; the others of `to` stay as they are.
void copy_parameters(const Model& from, Model& to);

// config.json and model.safetensors into an existing folder, for transformers. dtype is F32, BF16 or
// F16. Throws Error, also for a weight that is too large for F16.
void save_hf_model(const Model& model, const std::filesystem::path& folder, DType dtype = DType::kF32);

}  // namespace deepscaler
