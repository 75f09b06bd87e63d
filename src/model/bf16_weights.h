// Weights rounded to bf16 for products (ops/matmul/bf16_matmul.h); the f32 values are what is trained, and
// what the embedding looks up. The backward pass rounds only where that is faster.
#pragma once

#include "model/weights.h"

namespace deepscaler {

// Throws Error for a matrix with an odd number of inputs: bf16 takes them in pairs.
[[nodiscard]] std::unique_ptr<WeightForm> make_bf16_form(const ParameterTable& table, const float* values);

}  // namespace deepscaler
