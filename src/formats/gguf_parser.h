// The structure of a GGUF file, checked: what gguf.h then hands out.
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

// Everything in the result points into `bytes`. Throws Error; memory is bounded by a multiple of the
// bytes, whatever the counts in them claim.
[[nodiscard]] GgufContents parse_gguf(std::span<const std::byte> bytes, const std::string& where);

}  // namespace deepscaler
