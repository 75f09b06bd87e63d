// What an encoder does row by row beside ops/rows/pointwise.h: layer normalization and plain activations.
// Forward alone. A row's bits depend on that row alone.
//
// T rows (tokens), D width, F feed-forward width. All f32.
#pragma once

#include <span>

#include "ops/rows/pointwise.h"
#include "tensor/matrix.h"

namespace deepscaler {

// y = (x - mean(x)) / sqrt(variance(x) + eps) * weight + bias (Ba, Kiros and Hinton, 2016), the variance over
// D. x, y [T, D], where y may be x; weight and bias [D].
void layer_norm(ConstMatrixView x, std::span<const float> weight, std::span<const float> bias, float eps,
                MatrixView y);

// y = activation(x). x, y [T, F], where y may be x.
void activate(Activation activation, ConstMatrixView x, MatrixView y);

}  // namespace deepscaler
