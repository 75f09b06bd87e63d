// Floats to stored numbers: the inverse of tensor/dequantize.h, byte for byte what llama.cpp's quantizers
// make of the same floats (ggml-quants.c, both with and without an importance matrix), on any machine and any
// number of threads. Model files of both programs can so be compared and exchanged.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "tensor/dtype.h"
#include "tensor/matrix.h"

namespace deepscaler {

// Whether an importance of columns changes what quantize() makes in this format.
[[nodiscard]] bool uses_importance(DType dtype);

// Rows of whole blocks to `bytes`, which has room for just these; all numbers must be finite. `importance`
// [cols] says how much the square of an error counts in each column (the mean square of the inputs that the
// column meets); empty: the format's own weights. dtype is not F64. Rows are done in parallel.
//
// Returns the first row that has a number or scale beyond binary16, which is stored as infinity; nothing
// where all fit.
[[nodiscard]] std::optional<int64_t> quantize(DType dtype, ConstMatrixView rows,
                                              std::span<const float> importance, std::span<std::byte> bytes);

}  // namespace deepscaler
