// The kernels of integer products, one table for each instruction set.
#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace deepscaler {

// A panel of weights and a few rows of inputs (ops/quant/integer_rows.h), each with its stride.
struct IntegerTile {
  const uint8_t* codes;   // of the panel
  const uint8_t* scales;  // behind them
  int64_t blocks;
  const int8_t* levels;
  const float* row_scales;
  const float* scaled_sums;
  const int32_t* sums;
  float* out;  // [rows][16]
};

// y[r][o] of the tile, for a number of rows r. Each is a chain of fused multiply-adds in f32 from zero, over
// blocks in ascending order: by run (scale_w * scale_x) * float(sum of (code - offset) * level), whose
// integers are exact; then, where the format has one, minimum * scaled_sum. So the bits are those of any
// other instruction set.
using IntegerKernel = void (*)(const IntegerTile&);

struct IntegerKernels {
  static constexpr int kRowLimit = 8;
  static constexpr int kFormats = 8;
  int max_rows;                               // at most kRowLimit
  IntegerKernel of[kFormats][kRowLimit + 1];  // by format and rows; null where there is none of so many rows
};

// The place of a format in the table.
[[nodiscard]] int integer_format_index(DType dtype);

[[nodiscard]] const IntegerKernels& scalar_integer_kernels();
// To be called only where the CPU has AVX2 with FMA and F16C, or AVX-512 with VNNI.
[[nodiscard]] const IntegerKernels& avx2_integer_kernels();
[[nodiscard]] const IntegerKernels& vnni_integer_kernels();

// Those of the instruction set in use (ops/kernel_target.h).
[[nodiscard]] const IntegerKernels& integer_kernels();

}  // namespace deepscaler
