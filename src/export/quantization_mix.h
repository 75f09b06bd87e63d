// Which format each tensor of a quantized file gets: llama.cpp's mixes (src/llama-quant.cpp), tensor for
// tensor. A file's type is a name for a mix. Formats of 256 numbers that do not divide a row fall back to
// formats of 32.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"

namespace deepscaler {

struct FileType {
  std::string_view name;  // "Q4_K_M"
  uint32_t number;        // general.file_type
  DType base;             // of most matrices
};
[[nodiscard]] std::span<const FileType> file_types();
// Null where there is none of that name.
[[nodiscard]] const FileType* find_file_type(std::string_view name);

// What a choice depends on beside the tensor.
struct MixedModel {
  int64_t layers = 0;
  bool has_output = false;     // an LM head apart from the embedding
  bool shares_values = false;  // eight query heads or so a value head, in a model of 80 layers ("70B")
  bool has_importance = false;
};

struct TensorShape {
  std::string_view name;  // in GGUF files
  int64_t rows, cols;
};

// The tensors that it holds for get this format, whatever the mix says.
struct TensorRule {
  std::function<bool(const std::string& name)> holds;
  DType dtype;
};

struct Mix {
  const FileType* type;  // of file_types()
  bool pure = false;     // the base format everywhere
  std::vector<TensorRule> rules;
};

// The first rule of the mix that holds for a tensor; null where none does.
[[nodiscard]] const TensorRule* rule_for(const Mix& mix, std::string_view name);

// Whether a tensor is quantized at all: matrices, but no norms.
[[nodiscard]] bool is_quantizable(const TensorShape& tensor);

struct Choice {
  DType dtype;
  // The format that was chosen first, where its blocks do not divide a row.
  std::optional<DType> instead_of = std::nullopt;
};
[[nodiscard]] Choice choose(const Mix& mix, const MixedModel& model, const TensorShape& tensor);

}  // namespace deepscaler
