// Causal attention with grouped queries, over keys and values kept in blocks.
//
// Keys and values live in blocks of kKeysPerBlock positions, counted from the start of a sequence. A
// block stores its keys transposed, so that vector lanes are keys and no score needs a horizontal sum,
// and its values in panels, so that both products are the register tile of ops/tile_kernel.h. A query
// walks the blocks in order with an online softmax (Milakov and Gimelshein, 2018); lanes past its own
// position contribute exact zeros. One query at decode time and a tile of queries at training time
// thus do the same arithmetic in the same order: the same bits.
//
// Lanes past the end of a sequence are multiplied by zero, so blocks must hold finite numbers there:
// they are zero-filled when handed out.
//
// T rows, H query heads, K key/value heads, d numbers a head (a multiple of 16).
#pragma once

#include <cstdint>
#include <span>

#include "tensor/matrix.h"

namespace deepscaler {

// Two panels of lanes: a block's overhead (maximum, rescaling) is paid once per 32 keys, and half a
// block is what a sequence wastes on average.
inline constexpr int64_t kKeysPerBlock = 32;

struct AttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  // Blocks hold bfloat16, rounded as keys and values are stored: half of the memory, and half to read. All
  // arithmetic is that of f32 on rounded numbers.
  bool bf16_keys_values = false;

  bool operator==(const AttentionShape&) const = default;
  [[nodiscard]] int64_t queries_per_kv_head() const { return heads / kv_heads; }
  // Floats that one block takes in one layer, keys and values; two bf16 stand in one.
  [[nodiscard]] int64_t block_size() const {
    return 2 * kv_heads * kKeysPerBlock * head_dim / (bf16_keys_values ? 2 : 1);
  }
};

// Consecutive rows of one sequence. A view: `blocks` lives as long as the call.
struct AttentionSpan {
  int64_t first_row;  // row of the first token in q, out, ...
  int64_t rows;
  int64_t first_position;  // its position in its sequence
  const int32_t* blocks;   // block numbers of the sequence, from position 0 on
  // Row of the sequence's position 0, whose next rows are the positions before first_position: a
  // prompt shared by several spans. Read by attention_backward only, where first_position > 0.
  int64_t prefix_first_row = 0;
};

// Writes the keys and values [T, K * d] of the spans' rows into their blocks. `pool` is one layer's
// blocks, [blocks][block_size()].
void store_keys_values(const AttentionShape& shape, std::span<const AttentionSpan> spans,
                       ConstMatrixView keys, ConstMatrixView values, float* pool);

// Copies the first `positions` keys and values of one head from one block [block_size()] to another.
void copy_block_positions(const AttentionShape& shape, int64_t kv_head, const float* from, int64_t positions,
                          float* to);

// out [T, H * d] = attention of q [T, H * d] (rotated, not scaled) over the blocks, which hold the
// spans' own rows already. log_sums [T, H]: log of the softmax denominators, for the backward pass.
void attention_forward(const AttentionShape& shape, std::span<const AttentionSpan> spans, ConstMatrixView q,
                       const float* pool, MatrixView out, MatrixView log_sums);

// Gradients by recomputing the scores block by block (Dao et al., 2022, algorithm 4); those of rounded keys
// and values pass on to what was rounded. dq [T, H * d] and dk, dv [T, K * d] are overwritten. Rows of a
// shared prompt collect what each span's queries add, in the order of the spans and, of long ones, their
// parts, so the sum does not depend on threads.
void attention_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans, ConstMatrixView q,
                        const float* pool, ConstMatrixView out, ConstMatrixView log_sums,
                        ConstMatrixView dout, MatrixView dq, MatrixView dk, MatrixView dv);
// Floats that attention_backward takes beside its operands for one sequence of so many rows; the most that so
// many rows take, unless they share a prompt.
[[nodiscard]] int64_t attention_backward_memory(const AttentionShape& shape, int64_t rows);

}  // namespace deepscaler
