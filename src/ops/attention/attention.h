// Causal attention with grouped queries, over keys and values kept in blocks.
//
// Keys and values live in blocks (ops/attention/attention_block.h) of kKeysPerBlock positions, counted from
// the start of a sequence. A query walks the blocks in order with an online softmax (Milakov and Gimelshein,
// 2018); lanes past its own position contribute exact zeros. One query at decode time and a tile of queries
// at training time thus do the same arithmetic in the same order: the same bits.
//
// In bf16 queries, keys, values and the exponentials of a block are rounded before they are multiplied, to
// the same bits with the CPU's bf16 dot product as without it; what the exponentials are divided by is their
// sum before. In the backward pass the gradients of outputs and scores are rounded too, where the dot product
// is fast; elsewhere its products are f32's.
//
// T rows, H query heads, K key/value heads, d numbers a head (a multiple of 16).
#pragma once

#include <cstdint>
#include <span>

#include "ops/attention/attention_block.h"
#include "tensor/matrix.h"

namespace deepscaler {

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

// out [T, H * d] = attention of q [T, H * d] (rotated, not scaled) over the blocks, which hold the
// spans' own rows already. log_sums [T, H]: log of the softmax denominators, for the backward pass.
void attention_forward(const AttentionShape& shape, std::span<const AttentionSpan> spans, ConstMatrixView q,
                       const float* pool, MatrixView out, MatrixView log_sums);

// Gradients by recomputing the scores block by block (Dao et al., 2022, algorithm 4); those of rounded
// numbers pass on to what was rounded. dq [T, H * d] and dk, dv [T, K * d] are overwritten. Rows of a shared
// prompt collect what each span's queries add, in the order of the spans and, of long ones, their parts, so
// the sum does not depend on threads.
void attention_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans, ConstMatrixView q,
                        const float* pool, ConstMatrixView out, ConstMatrixView log_sums,
                        ConstMatrixView dout, MatrixView dq, MatrixView dk, MatrixView dv);
// Floats that attention_backward takes beside its operands for one sequence of so many rows; the most that so
// many rows take, unless they share a prompt.
[[nodiscard]] int64_t attention_backward_memory(const AttentionShape& shape, int64_t rows);

}  // namespace deepscaler
