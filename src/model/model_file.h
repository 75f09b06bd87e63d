// The weights of a model as they lie on disk, in a Hugging Face folder or a GGUF file: checked against the
// config, found by parameter, and read row by row, so that a model need not be in memory as a whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "model/config.h"
#include "model/parameters.h"
#include "ops/quant/block_matrix.h"

namespace deepscaler {

// The config alone of a Hugging Face folder or a GGUF file, with the head that is stored. Throws Error.
[[nodiscard]] ModelConfig read_model_config(const std::filesystem::path& path);

// The name in GGUF files of a parameter that Hugging Face calls `name`.
[[nodiscard]] std::string gguf_parameter_name(std::string name);

// In which order the rows of q and k stand in a llama: ours, like Hugging Face's, pairs row j of a head with
// j + d/2 for a rotation, GGUF's has the two as neighbours. Other models have one order for both.
enum class RowOrder { kHuggingFace, kGguf };

// Maps the files. Thread-safe.
class ModelFile {
 public:
  // Throws Error naming file and tensor for what is missing, misshapen or of another kind of model.
  explicit ModelFile(const std::filesystem::path& path);

  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] const ModelConfig& config() const { return config_; }
  [[nodiscard]] const ParameterTable& table() const { return table_; }
  // Null for a folder.
  [[nodiscard]] const GgufFile* gguf() const { return gguf_.get(); }

  // The tensor of a parameter of the table.
  [[nodiscard]] const StoredTensor& tensor(const ParameterInfo& info) const;

  // A quantized matrix as it lies in the file, with rows in our order; valid as long as this object. blocks()
  // is to be called only where is_in_blocks().
  [[nodiscard]] bool is_in_blocks(const ParameterInfo& info) const;
  [[nodiscard]] BlockMatrix blocks(const ParameterInfo& info) const;
  // Throws Error naming the tensor where a number of its blocks is not finite.
  void check_blocks(const ParameterInfo& info) const;
  // Gives back the memory that reading a parameter took: it is read from the file where it is looked at
  // again.
  void forget(const ParameterInfo& info) const;

  // Rows [first, first + rows.rows) of a parameter as floats; a vector is one row. Throws Error naming the
  // tensor where a number is not finite.
  void read_rows(const ParameterInfo& info, RowOrder order, int64_t first, MatrixView rows) const;

 private:
  [[nodiscard]] const StoredTensors& tensors() const { return gguf_ ? gguf_->tensors() : folder_->tensors(); }
  [[nodiscard]] const StoredTensor* find(const ParameterInfo& info) const;
  [[nodiscard]] bool is_redundant(const StoredTensor& tensor) const;
  void check() const;
  [[nodiscard]] bool is_reordered(const ParameterInfo& info, RowOrder order) const;
  [[nodiscard]] int64_t stored_row(const ParameterInfo& info, RowOrder order, int64_t row) const;

  std::string where_;
  ModelConfig config_;
  std::unique_ptr<GgufFile> gguf_;
  std::unique_ptr<SafetensorsFolder> folder_;
  ParameterTable table_;
};

}  // namespace deepscaler
