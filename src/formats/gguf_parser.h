// Reads and checks the structure of a GGUF file for formats/gguf.h.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "formats/gguf.h"

namespace deepscaler {

struct GgufContents {
  std::map<std::string, GgufValue, std::less<>> values;
  std::vector<StoredTensor> tensors;  // in the order of the file's table
};

inline constexpr uint64_t kGgufAlignment = 32;  // of tensors, where a file says nothing else

// The number by which a file names a type of tensors; there is one for every type but F64.
[[nodiscard]] uint32_t gguf_tensor_type(DType dtype);

// Everything in the result points into `bytes`. Throws Error; memory is bounded by a multiple of the
// bytes, whatever the counts in them claim.
[[nodiscard]] GgufContents parse_gguf(std::span<const std::byte> bytes, const std::string& where);

}  // namespace deepscaler
