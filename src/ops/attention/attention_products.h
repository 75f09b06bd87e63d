// The products of attention between queries and a block of keys and values, in f32 or of numbers rounded to
// bf16. They run on the calling thread and check no shapes.
//
// d, the numbers of a head, is `width`.
#pragma once

#include <cstdint>

#include "ops/attention/attention_block.h"
#include "ops/matmul/tile_kernel.h"

namespace deepscaler {

// What the products of attention multiply: numbers in f32, or rounded to bf16.
struct AttentionArithmetic {
  const TileKernels& tiles;
  // Numbers along the depth that stand in one float of a factor: 1, or 2 for a pair of bf16.
  int64_t per_float = 1;
  // Rounds n numbers of a factor, a multiple of 16. Null in f32.
  void (*round)(const float* in, int64_t n, float* out) = nullptr;

  [[nodiscard]] bool is_paired() const { return per_float == 2; }
  // n numbers of a factor as the tiles read them: `in` itself in f32, else rounded into `memory` [n].
  const float* factor(const float* in, int64_t n, float* memory) const {
    if (round == nullptr) return in;
    round(in, n, memory);
    return memory;
  }
};

// The arithmetic of the forward pass, which reads blocks as they stand.
[[nodiscard]] AttentionArithmetic forward_arithmetic(const AttentionShape& shape);
// The arithmetic of the backward pass, which reads blocks as backward_block() returns them.
[[nodiscard]] AttentionArithmetic backward_arithmetic(const AttentionShape& shape);

// out [n][32] = queries [n][d] times the panels [2][d][16] of a block's keys.
void multiply_by_columns(const AttentionArithmetic& arithmetic, int64_t width, const float* queries,
                         int64_t n, const float* panels, float* out);

// out [n][d] += weights [n][32] times the panels [d / 16][32][16] of a block's values.
void add_weighted_rows(const AttentionArithmetic& arithmetic, int64_t width, const float* weights, int64_t n,
                       const float* panels, float* out);

// Turns rows [count][width] into the panels [width / 16][count][16] of a product along the rows; count is
// even.
void panels_of_rows(const AttentionArithmetic& arithmetic, const float* rows, int64_t count, int64_t width,
                    float* panels);

// Queries among the panels [d / 16][...][16] of panels_of_rows().
struct QueryPanels {
  const float* first;  // the first query in the first panel
  int64_t stride;      // floats from one panel to the next
};

// out [32 keys][d] += weights^T [32][n] times n queries; n is even. `memory` has room for 2 * 32 * n floats.
void add_transposed_product(const AttentionArithmetic& arithmetic, int64_t width, const float* weights,
                            int64_t n, QueryPanels queries, float* memory, float* out);

// A block with its keys in the layout of values, for dq, and its values in the layout of keys, for the
// gradient of the weights. Both are in `memory`, 2 * 32 * d floats.
HeadBlock<const float> transposed_block(const AttentionArithmetic& arithmetic, int64_t width,
                                        HeadBlock<const float> head, float* memory);

// A block as the arithmetic of the backward pass reads it: the block itself, or bf16 turned into f32 in
// `memory`, 2 * 32 * d floats.
HeadBlock<const float> backward_block(const AttentionShape& shape, const AttentionArithmetic& arithmetic,
                                      HeadBlock<const float> head, float* memory);

}  // namespace deepscaler
