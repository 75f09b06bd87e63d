// A matrix in the blocks of a file (tensor/dtype.h), and its floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "tensor/dtype.h"

namespace deepscaler {

// [out, in]; a row is whole blocks. A view: the blocks belong to somebody else.
struct BlockMatrix {
  DType dtype;
  int64_t out, in;
  std::function<const std::byte*(int64_t o)> row;  // where the blocks of output o begin

  [[nodiscard]] std::span<const std::byte> row_blocks(int64_t o) const {
    return {row(o), static_cast<size_t>(*storage_bytes(dtype, in))};
  }
};

// Of rows that follow one another. Throws nothing; sizes that do not match are a CHECK.
[[nodiscard]] BlockMatrix blocks_in_rows(DType dtype, int64_t out, int64_t in,
                                         std::span<const std::byte> blocks);

// The panels [first_panel, first_panel + panels) of ops/panels.h, with the bits of dequantize().
void dequantize_panels(const BlockMatrix& matrix, int64_t first_panel, int64_t panels, float* out);

}  // namespace deepscaler
