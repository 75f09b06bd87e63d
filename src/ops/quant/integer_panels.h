// A quantized weight as integer products read it: the numbers of its blocks, in panels of 16 outputs
// (ops/quant/integer_format.h). It takes as much memory as in a file, but for what pads the last panel.
#pragma once

#include <cstdint>

#include "ops/quant/block_matrix.h"
#include "tensor/buffer.h"

namespace deepscaler {

// Whether there are integer products of a format: all of blocks.
[[nodiscard]] bool has_integer_products(DType dtype);

class IntegerPanels {
 public:
  explicit IntegerPanels(const BlockMatrix& matrix);

  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] int64_t out() const { return out_; }
  [[nodiscard]] int64_t in() const { return in_; }
  [[nodiscard]] int64_t size_bytes() const { return data_.size(); }
  [[nodiscard]] int64_t panel_bytes() const { return panel_bytes_; }
  [[nodiscard]] const uint8_t* panel(int64_t i) const { return data_.data() + i * panel_bytes_; }

 private:
  DType dtype_;
  int64_t out_, in_, panel_bytes_;
  Buffer<uint8_t> data_;
};

}  // namespace deepscaler
