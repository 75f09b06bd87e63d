// Keys and values in eight bits (KvStore::kQ8_0): 32 numbers of a head share a scale in binary16, as in
// GGUF's Q8_0, and heads are rotated before. A rotation by an orthonormal Hadamard matrix spreads what a few
// channels of a key hold (in Qwen2 they are a hundred times larger than others) over all of them. Queries are
// rotated alike, which keeps their products with keys; the output, a sum of values, is rotated back.
//
// What is stored of a position is a function of its own key and value. So an answer depends neither on what
// is computed beside it, nor on whether a position was read in a prompt or generated.
//
// d, the numbers of a head, is a multiple of kQ8Run.
#pragma once

#include "ops/attention/attention_block.h"

namespace deepscaler {

inline constexpr int64_t kQ8Run = 32;

// Multiplies each run of `width` numbers by the Hadamard matrix of the largest power of two that divides
// `width`, scaled so that the matrix is its own inverse. On any instruction set the bits are the same.
void rotate_heads(float* x, int64_t heads, int64_t width);

// store_in_block() and copy_block_positions() of attention_block.h.
int64_t store_in_q8_block(const AttentionShape& shape, ConstMatrixView keys, ConstMatrixView values,
                          HeadBlock<float> head, int64_t slot);
void copy_q8_positions(const AttentionShape& shape, HeadBlock<const float> from, int64_t positions,
                       HeadBlock<float> to);

// The block in f32, in `memory`, 2 * 32 * d floats.
HeadBlock<const float> widened_q8_block(const AttentionShape& shape, HeadBlock<const float> head,
                                        float* memory);

}  // namespace deepscaler
