// Inputs of integer products: rows rounded to eight bits in blocks of 32.
//
//   scale = largest / 127, level = x * (127 / largest) to the nearest integer, ties to even
//
// where `largest` is the largest magnitude of the block. So what a block becomes depends on the block alone,
// on any instruction set.
#pragma once

#include <cstdint>

#include "tensor/buffer.h"
#include "tensor/matrix.h"

namespace deepscaler {

// One thread uses it at a time; its memory is kept from use to use.
class IntegerRows {
 public:
  // Columns are a multiple of 32. A block with a number that is not finite gets the scale NaN and levels 0.
  void round(ConstMatrixView x);

  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] int64_t cols() const { return 32 * blocks_; }
  [[nodiscard]] const int8_t* levels(int64_t row) const { return levels_.data() + row * 32 * blocks_; }
  // A number a block: the scale, and the scale times the sum of the levels.
  [[nodiscard]] const float* scales(int64_t row) const { return scales_.data() + row * blocks_; }
  [[nodiscard]] const float* scaled_sums(int64_t row) const { return scaled_sums_.data() + row * blocks_; }
  // Two a block: sums of 16 levels.
  [[nodiscard]] const int32_t* sums(int64_t row) const { return sums_.data() + row * 2 * blocks_; }

 private:
  void round_block(const float* x, int64_t row, int64_t block);

  int64_t rows_ = 0, blocks_ = 0;
  Buffer<int8_t> levels_;
  Buffer<float> scales_, scaled_sums_;
  Buffer<int32_t> sums_;
};

}  // namespace deepscaler
