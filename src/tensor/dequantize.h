// Stored numbers to floats, for every DType. Scalar code, since it runs only while a model is loaded. The
// arithmetic per element is ggml's, so the floats have the bits of ggml's reference.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace deepscaler {

// `bytes` holds `values.size()` elements in format `dtype`, in any alignment. Sizes that do not match are a
// CHECK: readers have bounded them. The two ranges must not overlap.
void dequantize(DType dtype, std::span<const std::byte> bytes, std::span<float> values);

// Whether dequantize() gives finite numbers alone, for whole blocks of a block format.
[[nodiscard]] bool blocks_are_finite(DType dtype, std::span<const std::byte> bytes);

}  // namespace deepscaler
