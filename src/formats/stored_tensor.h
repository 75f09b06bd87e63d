// A tensor as it lies in a file: what safetensors and GGUF have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"

namespace deepscaler {

struct StoredTensor {
  std::string name;
  DType dtype;
  std::vector<int64_t> shape;        // outermost first, row-major; no dimension is negative
  std::span<const std::byte> bytes;  // in the mapped file, as long as its reader lives; any alignment
  // The name of a type that weights can't have ("I64", "BOOL"); `dtype` means nothing then. Else empty.
  std::string other_type = {};
};

// A tensor that is to be written.
struct TensorDeclaration {
  std::string name;
  DType dtype;
  std::vector<int64_t> shape;   // outermost first
  std::string other_type = {};  // as StoredTensor has it: "U8"
};

// The tensors of one file and the way to one of them by name. Thread-safe once built.
class StoredTensors {
 public:
  StoredTensors() = default;
  // `where` names the file in errors. Throws Error where two tensors have one name.
  StoredTensors(std::vector<StoredTensor> tensors, const std::string& where);

  [[nodiscard]] const std::vector<StoredTensor>& all() const { return tensors_; }
  // The tensor of that name, or null. The pointer lives as long as this object.
  [[nodiscard]] const StoredTensor* find(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }

 private:
  std::vector<StoredTensor> tensors_;  // in the order of the file's table
  std::vector<size_t> by_name_;        // indices into tensors_, sorted by name
};

// Elements of `shape` and the bytes they take in `dtype`. Throws Error naming `where` for a negative
// dimension, a row (the last dimension) that is not whole blocks, or a product that overflows.
[[nodiscard]] size_t stored_bytes(DType dtype, std::span<const int64_t> shape, const std::string& where);

}  // namespace deepscaler
