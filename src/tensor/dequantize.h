// Stored numbers to floats, for every DType. Scalar code: it runs while a model is loaded; the
// arithmetic per element is ggml's, so that the floats are the same bits as those of its reference.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace deepscaler {

// `bytes` holds `values.size()` elements in format `dtype`, in any alignment; sizes that do not match
// are a broken invariant (readers bound them). The two ranges must not overlap.
void dequantize(DType dtype, std::span<const std::byte> bytes, std::span<float> values);

}  // namespace deepscaler
