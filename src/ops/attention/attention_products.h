// The products of attention between queries and a block of keys and values, in f32 or of numbers rounded to
// bf16. One thread; shapes are the caller's duty.
//
// d numbers a head: `width`.
#pragma once

#include <cstdint>

#include "ops/attention/attention_block.h"
#include "ops/matmul/tile_kernel.h"

namespace deepscaler {

// What the products of attention multiply: numbers in f32, or rounded to bf16.
struct AttentionArithmetic {
  const TileKernels& tiles;
  // Numbers along the depth that stand in one float of a factor: one, or a pair of bf16.
  int64_t per_float = 1;
  // How rows of a factor are rounded, n numbers, a multiple of 16. Not at all in f32.
  void (*round)(const float* in, int64_t n, float* out) = nullptr;

  [[nodiscard]] bool is_paired() const { return per_float == 2; }
  // Rows of a factor, n numbers, as the tiles read them: as they are, or rounded in `memory` [n].
  const float* factor(const float* in, int64_t n, float* memory) const {
    if (round == nullptr) return in;
    round(in, n, memory);
    return memory;
  }
};

// Multiplies the numbers of a block as they stand.
[[nodiscard]] AttentionArithmetic forward_arithmetic(const AttentionShape& shape);
// Multiplies what backward_block() returns.
[[nodiscard]] AttentionArithmetic backward_arithmetic(const AttentionShape& shape);

// out [n][32] = queries [n][d] times the panels [2][d][16] of a block's keys.
void multiply_by_columns(const AttentionArithmetic& arithmetic, int64_t width, const float* queries,
                         int64_t n, const float* panels, float* out);

// out [n][d] += weights [n][32] times the panels [d / 16][32][16] of a block's values.
void add_weighted_rows(const AttentionArithmetic& arithmetic, int64_t width, const float* weights, int64_t n,
                       const float* panels, float* out);

// Rows [count][width] as the panels of a product whose depth they are, [width / 16][count][16]; count is
// even.
void panels_of_rows(const AttentionArithmetic& arithmetic, const float* rows, int64_t count, int64_t width,
                    float* panels);

// out [32 keys][d] += weights^T [32][n] times the panels [d / 16][...][16]; n is even. `memory` is for 2 x 32
// n floats.
void add_transposed_product(const AttentionArithmetic& arithmetic, int64_t width, const float* weights,
                            int64_t n, const float* panels, int64_t panel_stride, float* memory, float* out);

// A block's keys in the layout of values, for dq, and its values in that of keys, for the gradient of the
// weights.
HeadBlock<const float> transposed_block(const AttentionArithmetic& arithmetic, int64_t width,
                                        HeadBlock<const float> head, float* memory);

// A block as the arithmetic of the backward pass reads it: as it stands, or bf16 as f32 in `memory`.
HeadBlock<const float> backward_block(const AttentionShape& shape, const AttentionArithmetic& arithmetic,
                                      HeadBlock<const float> head, float* memory);

}  // namespace deepscaler
