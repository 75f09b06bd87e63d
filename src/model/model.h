// A model in memory: its config, its weights and its table of rotary angles; loaded from an HF folder
// or a GGUF file, saved as an HF folder. An adapted model (model/lora.h) is an adapter over another one, its
// base.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/config.h"
#include "model/lora.h"
#include "model/parameters.h"
#include "model/weights.h"
#include "ops/rows/pointwise.h"
#include "tensor/dtype.h"

namespace deepscaler {

// The f32 values of a model's weights, to be changed: what is made from them is made anew when this goes.
class WeightEdit {
 public:
  WeightEdit(float* values, WeightForm& form) : values_(values), form_(form) {}
  ~WeightEdit() { form_.refresh(); }
  WeightEdit(const WeightEdit&) = delete;
  WeightEdit& operator=(const WeightEdit&) = delete;

  [[nodiscard]] float* data() const { return values_; }
  [[nodiscard]] float& operator[](int64_t i) const { return values_[i]; }

 private:
  float* values_;
  WeightForm& form_;
};

class ModelFile;

// What becomes of the matrices of a file that are quantized.
enum class QuantizedAs {
  kFloats,  // f32 values like all others, which can be trained
  kBlocks,  // they stay as they are: frozen, in a fraction of the memory
};

class Model {
 public:
  // All weights zero.
  explicit Model(ModelConfig config);
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  // Throws Error naming file and tensor for what is missing, misshapen, not finite or unknown. Takes no
  // more memory than a fixed multiple of the file. Of an adapter's folder (model/adapter_file.h) the base
  // that it names is loaded too.
  [[nodiscard]] static Model load(const std::filesystem::path& path,
                                  QuantizedAs quantized = QuantizedAs::kFloats);

  // A new adapter over `base`, which stays as it is: at first it changes nothing, and only the adapter is
  // trainable. `base` must not be adapted itself.
  [[nodiscard]] static Model adapt(Model base, const LoraConfig& config, uint64_t seed);
  // A copy of an adapted model (CHECK: it is one) over the same base: it takes the adapter's memory alone.
  [[nodiscard]] Model copy_over_same_base() const;
  [[nodiscard]] const Model* base() const { return base_.get(); }  // null: not adapted
  [[nodiscard]] const LoraConfig& lora() const { return lora_; }   // of an adapted model
  // Where it was loaded from; empty: nowhere.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  [[nodiscard]] const ParameterTable& table() const { return *table_; }
  [[nodiscard]] const RopeTable& rope() const { return *rope_; }

  // Laid out by table().
  [[nodiscard]] const float* weights() const { return weights_.data(); }
  [[nodiscard]] WeightEdit edit_weights() { return {weights_.data(), *form_}; }
  [[nodiscard]] std::span<const float> vector(int index) const {
    return base_ ? base_->vector(index) : vector_of(*table_, weights_.data(), index);
  }
  // The matrices in the form that products read.
  [[nodiscard]] const WeightForm& matrices() const { return *form_; }

  // Whether matrices stand in blocks.
  [[nodiscard]] bool is_quantized() const { return base_ ? base_->is_quantized() : file_ != nullptr; }

  // f32 from the start. bf16 takes half as much memory again, and keeps keys and values in bf16. Throws Error
  // for a model whose widths are odd. `products` are those of matrices in blocks. In integers the blocks are
  // packed for them once, which takes as long as reading them a few times. Of an adapted model the base
  // computes so, which must be shared with none (CHECK).
  void compute_in(ComputeType type, Products products = Products::kFloat);
  [[nodiscard]] ComputeType compute_type() const { return base_ ? base_->compute_type() : compute_type_; }
  [[nodiscard]] Products products() const { return base_ ? base_->products() : products_; }
  // Stores keys and values in eight bits, whatever products compute in. There is no backward pass then.
  // Throws Error for heads that are no multiple of 32 wide.
  void store_keys_values_in_q8();
  [[nodiscard]] bool stores_keys_values_in_q8() const { return q8_keys_values_; }
  // Of every layer, with what keys and values are stored as.
  [[nodiscard]] AttentionShape attention() const {
    return attention_shape(config_, q8_keys_values_ ? KvStore::kQ8_0 : kv_store_of(compute_type()));
  }
  // A parameter of the table as rows, whatever it stands in; of an adapted matrix those of the base.
  void read(int index, MatrixView rows) const;

  // Freezes all parameters but those that `trains` names, and those in blocks. Arrays laid out by the table
  // of before are no longer this model's.
  void train_only(const ParameterTable::Trains& trains);
  // The tokens that end a response: those of the config at first (model/text_ends.h).
  void end_responses_at(std::vector<int32_t> tokens) { config_.eos = std::move(tokens); }

  // Names the weights: equal for equal bits of every parameter, whatever file they came from.
  [[nodiscard]] std::string hash() const;

 private:
  // `file`: of the matrices that stand in blocks; null: all are values.
  Model(ModelConfig config, std::unique_ptr<const ModelFile> file);
  Model(std::shared_ptr<Model> base, const LoraConfig& config);
  [[nodiscard]] std::unique_ptr<WeightForm> make_form() const;

  ModelConfig config_;
  std::unique_ptr<const ModelFile> file_;
  std::unique_ptr<const ParameterTable> table_;  // where it stands is known to others
  std::shared_ptr<const RopeTable> rope_;
  std::shared_ptr<Model> base_;
  LoraConfig lora_;
  std::filesystem::path path_;
  mutable std::string base_hash_;  // once it was asked for
  Buffer<float> weights_;
  ComputeType compute_type_ = ComputeType::kF32;
  Products products_ = Products::kFloat;
  bool q8_keys_values_ = false;
  std::unique_ptr<WeightForm> form_;
};

// Bytes that a block of keys and values takes in all layers.
[[nodiscard]] int64_t kv_block_bytes(const Model& model);

// Every weight from N(0, std^2) by a counter of the seed, norms one: for tests and benchmarks.
void randomize(Model& model, uint64_t seed, float std);

// Copies every parameter that both models have, by name and shape; the others of `to` stay as they are.
void copy_parameters(const Model& from, Model& to);

// config.json and model.safetensors into an existing folder, for transformers. dtype is F32, BF16 or
// F16. Throws Error, also for a weight that is too large for F16.
void save_hf_model(const Model& model, const std::filesystem::path& folder, DType dtype = DType::kF32);

}  // namespace deepscaler
