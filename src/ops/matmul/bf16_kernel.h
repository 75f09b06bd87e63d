// Rounding to bfloat16, and the pairs that bf16 dot products take, per instruction set. A pair is the numbers
// 2i and 2i + 1 along the depth of a product, in one word that is carried as a float.
#pragma once

#include <cstdint>

namespace deepscaler {

// Rounds to nearest, ties to even; NaN stays NaN. Every n is a multiple of 16.
struct Bf16Kernels {
  // out [n] as bf16, which makes n / 2 pairs.
  void (*narrow)(const float* in, int64_t n, uint16_t* out);
  // The rounded numbers as floats, out [n].
  void (*round)(const float* in, int64_t n, float* out);
  // Pairs of the numbers that stand below each other in two rows of n. 16 pairs are consecutive; the next 16
  // begin `stride` floats further.
  void (*pair_rows)(const float* first, const float* second, int64_t n, int64_t stride, float* pairs);
  // The inverse of pair_rows, as floats: out [rows][2][16] from pairs [rows][16].
  void (*split_pairs)(const float* pairs, int64_t rows, float* out);
  // in [8][16] is a 16 x 16 square as pairs of its rows; out [8][16] is its transpose as pairs of rows.
  void (*transpose_pairs)(const float* in, float* out);
};

// The kernels of the instruction set in use (ops/kernel_target.h).
[[nodiscard]] const Bf16Kernels& bf16_kernels();

}  // namespace deepscaler
