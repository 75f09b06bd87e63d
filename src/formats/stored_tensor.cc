#include "formats/stored_tensor.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "formats/excerpt.h"

namespace deepscaler {

StoredTensors::StoredTensors(std::vector<StoredTensor> tensors, const std::string& where)
    : tensors_(std::move(tensors)), by_name_(tensors_.size()) {
  std::iota(by_name_.begin(), by_name_.end(), size_t{0});
  const auto name = [this](size_t i) -> const std::string& { return tensors_[i].name; };
  std::ranges::sort(by_name_, {}, name);
  const auto twice = std::ranges::adjacent_find(by_name_, {}, name);
  if (twice != by_name_.end()) {
    throw Error(where, "tensor " + excerpt(name(*twice)) + " appears twice",
                "the file is damaged; get it again");
  }
}

const StoredTensor* StoredTensors::find(std::string_view name) const {
  const auto of = [this](size_t i) -> std::string_view { return tensors_[i].name; };
  const auto found = std::ranges::lower_bound(by_name_, name, {}, of);
  return found != by_name_.end() && of(*found) == name ? &tensors_[*found] : nullptr;
}

size_t stored_bytes(DType dtype, std::span<const int64_t> shape, const std::string& where) {
  const auto refuse = [&](const char* fault) {
    throw Error(where, fmt::format("shape [{}] of {} {}", fmt::join(shape, ", "), dtype_name(dtype), fault),
                "the file is damaged; get it again");
  };
  int64_t elements = 1;
  for (const int64_t dimension : shape) {
    if (dimension < 0) refuse("has a negative dimension");
    if (__builtin_mul_overflow(elements, dimension, &elements)) refuse("is too large");
  }
  const int64_t row = shape.empty() ? 1 : shape.back();
  if (row % block_elements(dtype) != 0) refuse("has rows that are not whole blocks");
  const auto bytes = storage_bytes(dtype, elements);
  if (!bytes) refuse("is too large");
  return static_cast<size_t>(*bytes);
}

}  // namespace deepscaler
