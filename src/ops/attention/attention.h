// Causal attention with grouped queries, over keys and values kept in blocks.
//
// Keys and values live in blocks (ops/attention/attention_block.h) of kKeysPerBlock positions, counted from
// the start of a sequence. A query walks the blocks in order with an online softmax (Milakov and Gimelshein,
// 2018). Lanes past the query's own position contribute exact zeros. So one query at decode time and a tile
// of queries at training time do the same arithmetic in the same order, and give the same bits.
//
// In bf16 queries, keys, values and the exponentials of a block are rounded before they are multiplied. The
// divisor of a softmax is the sum of the exponentials before rounding. The bits do not depend on whether the
// CPU has a bf16 dot product. Where that is fast, the backward pass rounds the gradients of outputs and
// scores too; elsewhere the backward pass multiplies in f32.
//
// In q8_0 keys and values are read back as they were stored, also by the pass that stores them
// (ops/attention/attention_q8.h).
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
  // Row of the sequence's position 0. The rows after it are the positions before first_position, a prompt
  // that several spans may share. Read by attention_backward() only, where first_position > 0.
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

// What attention_forward() read and wrote.
struct AttentionActivations {
  ConstMatrixView q;         // [T, H * d]
  const float* pool;         // one layer's blocks
  ConstMatrixView out;       // [T, H * d]
  ConstMatrixView log_sums;  // [T, H]
};

// Where attention_backward() writes the gradients with respect to queries, keys and values.
struct AttentionGradients {
  MatrixView q;     // [T, H * d]
  MatrixView k, v;  // [T, K * d]
};

// Not for keys and values in q8_0 (CHECK). Overwrites `gradients` with the gradients of the loss, whose
// gradient with respect to `out` is dout [T, H * d]. Recomputes the scores block by block (Dao et al., 2022,
// algorithm 4). The gradient of a rounded number passes on to the number before rounding. Rows of a shared
// prompt add up what each span's queries contribute, in the order of the spans and of the parts of a long
// span, so the sum does not depend on threads.
void attention_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans,
                        const AttentionActivations& activations, ConstMatrixView dout,
                        const AttentionGradients& gradients);
// Floats that attention_backward() takes beside its operands for one sequence of `rows` rows. Several
// sequences of that many rows in all take no more, unless they share a prompt.
[[nodiscard]] int64_t attention_backward_memory(const AttentionShape& shape, int64_t rows);

}  // namespace deepscaler
