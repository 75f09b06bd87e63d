// The parameters of a model as one flat array of f32, and the table that says where each stands.
//
// Weights, gradients and the optimizer's moments share the table, so an optimizer, a norm or a hash is
// one loop over flat arrays. Trainable parameters come first: gradients and moments are as long as those.
// Matrices are in panels (ops/matmul/matmul.h), the one form that all products read; what only gets looked up
// by row (an untied embedding) and vectors are plain. Matrices that are quantized take no part in the array:
// they stay in the blocks of their file (model/block_weights.h), frozen. Nor do the parameters of a model
// that an adapter stands on (model/lora.h): they stay that model's.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "ops/matmul/matmul.h"
#include "tensor/buffer.h"

namespace deepscaler {

struct ParameterInfo {
  enum class Layout { kPanels, kRows, kVector };

  std::string name;  // as in HF checkpoints
  int64_t rows;      // 1 for a vector
  int64_t cols;
  Layout layout;
  int64_t size;           // in floats, padding of panels included
  int64_t offset = 0;     // in floats
  bool trainable = true;  // else it is frozen, and has no gradient
  // Not in the array (its size there is 0), and never trainable:
  bool in_blocks = false;  // quantized
  bool in_base = false;    // of the model under an adapter

  [[nodiscard]] bool in_array() const { return !in_blocks && !in_base; }
  [[nodiscard]] bool is_matrix() const { return layout != Layout::kVector; }
};

// Where the parameters of one layer stand; indices into ParameterTable::all().
struct LayerParameters {
  int attention_norm, q, k, v, o, mlp_norm, gate, up, down;
  int q_bias, k_bias, v_bias;  // where the config has attention_bias, else 0 (which is the embedding)
  int q_norm, k_norm;          // where it has head_norms()
};

class ParameterTable {
 public:
  // `trains` says by name which parameters are trainable; empty: all.
  using Trains = std::function<bool(std::string_view name)>;
  // `in_blocks` says which are quantized; empty: none.
  using InBlocks = std::function<bool(const ParameterInfo& info)>;
  explicit ParameterTable(const ModelConfig& config, const Trains& trains = {},
                          const InBlocks& in_blocks = {});
  // The parameters of `base`, all of them in_base and by the same numbers; then the matrices `added`, of
  // which name, rows and cols count: in panels, and trainable.
  ParameterTable(const ParameterTable& base, const std::vector<ParameterInfo>& added);

  [[nodiscard]] const std::vector<ParameterInfo>& all() const { return all_; }
  // Those of all() that training changes.
  [[nodiscard]] const std::vector<ParameterInfo>& trainable() const { return trainable_; }
  [[nodiscard]] const ParameterInfo& operator[](int index) const { return all_[static_cast<size_t>(index)]; }
  [[nodiscard]] const LayerParameters& layer(int64_t i) const { return layers_[static_cast<size_t>(i)]; }
  [[nodiscard]] int embedding() const { return embedding_; }
  [[nodiscard]] int final_norm() const { return final_norm_; }
  [[nodiscard]] int lm_head() const { return lm_head_; }          // the embedding where it is tied; none: -1
  [[nodiscard]] int scalar_head() const { return scalar_head_; }  // none: -1
  [[nodiscard]] int64_t size() const { return size_; }            // floats in all
  [[nodiscard]] int64_t trainable_size() const { return trainable_size_; }
  [[nodiscard]] int64_t count() const;  // parameters, without padding

 private:
  int add(std::string name, int64_t rows, int64_t cols, ParameterInfo::Layout layout);
  void place(const Trains& trains, const InBlocks& in_blocks);

  std::vector<ParameterInfo> all_, trainable_;
  std::vector<LayerParameters> layers_;
  int embedding_ = 0, final_norm_ = 0, lm_head_ = -1, scalar_head_ = -1;
  int64_t size_ = 0, trainable_size_ = 0;
};

// Views of parameter `index` in an array laid out by `table`; T is float or const float.
template <class T>
[[nodiscard]] PanelSpan<T> panels_of(const ParameterTable& table, T* values, int index) {
  const ParameterInfo& p = table[index];
  return {values + p.offset, p.rows, p.cols};
}
template <class T>
[[nodiscard]] std::span<T> vector_of(const ParameterTable& table, T* values, int index) {
  const ParameterInfo& p = table[index];
  return {values + p.offset, static_cast<size_t>(p.cols)};
}

// Where a row of a parameter stands: number i of it at offset + i * step.
struct PlacedRow {
  int64_t offset, step;
};
[[nodiscard]] PlacedRow row_of(const ParameterInfo& info, int64_t row);

// Between the flat array and a row-major [rows, cols] copy of one parameter.
void write_parameter(const ParameterInfo& info, ConstMatrixView rows, float* values);
void read_parameter(const ParameterInfo& info, const float* values, MatrixView rows);

// Names the values of some parameters: equal for equal bits and an equal `seed`. Those in blocks are read by
// `read_row`, and hash as their floats.
using ReadParameterRow = std::function<void(const ParameterInfo& info, int64_t row, std::span<float> out)>;
[[nodiscard]] uint64_t hash_parameters(std::span<const ParameterInfo> parameters, const float* values,
                                       uint64_t seed, const ReadParameterRow& read_row = {});

}  // namespace deepscaler
