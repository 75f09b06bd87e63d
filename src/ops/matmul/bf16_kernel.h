// Rounding to bfloat16 and the pairs that its dot products take, per instruction set: the numbers 2i and
// 2i + 1 along the depth of a product stand in one word, which is carried as a float.
#pragma once

#include <cstdint>

namespace deepscaler {

// Rounds to nearest, ties to even; NaN stays NaN. Every n is a multiple of 16.
struct Bf16Kernels {
  // out [n]; so n / 2 pairs.
  void (*narrow)(const float* in, int64_t n, uint16_t* out);
  // The rounded numbers as floats, out [n].
  void (*round)(const float* in, int64_t n, float* out);
  // Pairs of the numbers that stand below each other in two rows, n of each: 16, and the next 16 `stride`
  // further.
  void (*pair_rows)(const float* first, const float* second, int64_t n, int64_t stride, float* pairs);
  // The rows of such pairs again: out [rows][2][16] from pairs [rows][16].
  void (*split_pairs)(const float* pairs, int64_t rows, float* out);
  // out [8][16], pairs of rows of a square's transpose, from in [8][16], pairs of its own rows.
  void (*transpose_pairs)(const float* in, float* out);
};

// Those of the instruction set in use (see ops/kernel_target.h).
[[nodiscard]] const Bf16Kernels& bf16_kernels();

}  // namespace deepscaler
