// Attention without a mask, as encoders have it (Vaswani et al., 2017): every token of a sequence sees all of
// that sequence. Forward alone.
//
// T rows, H heads, d numbers a head (a multiple of 16). All f32. A sequence's bits depend on that sequence
// alone.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/matrix.h"

namespace deepscaler {

// Rows of one sequence.
struct SequenceRows {
  int64_t first = 0;
  int64_t count = 0;
};

// out [T, H * d] = softmax(q k^T / sqrt(d)) v for each head and sequence. q, k, v [T, H * d]; out overlaps
// none of them.
void full_attention(int64_t heads, std::span<const SequenceRows> sequences, ConstMatrixView q,
                    ConstMatrixView k, ConstMatrixView v, MatrixView out);

}  // namespace deepscaler
