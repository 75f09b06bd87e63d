// y = x W^T with a weight of the model, in the type that the model computes in.
#pragma once

#include "model/model.h"

namespace deepscaler {

// y [T, O] = x [T, I] W^T, or y += x W^T; `weight` is an index into the model's table. Rows do not
// depend on each other nor on threads (ops/matmul.h, ops/bf16_matmul.h).
void linear(const Model& model, ConstMatrixView x, int weight, MatrixView y,
            Accumulate accumulate = Accumulate::kNo);

}  // namespace deepscaler
