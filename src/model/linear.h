// y = x W^T with a weight of the model, in the type that the model computes in, and its gradients: theirs are
// in f32 also where the model computes in bf16, unless that is faster (bf16_is_fast()).
#pragma once

#include "model/model.h"

namespace deepscaler {

// y [T, O] = x [T, I] W^T, or y += x W^T; `weight` is an index into the model's table. Rows do not
// depend on each other nor on threads (ops/matmul.h, ops/bf16_matmul.h).
void linear(const Model& model, ConstMatrixView x, int weight, MatrixView y,
            Accumulate accumulate = Accumulate::kNo);
// What the products of the backward pass compute in, on this CPU.
[[nodiscard]] ComputeType backward_compute_type(const Model& model);
// dx [T, I] = dy [T, O] W, or dx += dy W.
void linear_dx(const Model& model, ConstMatrixView dy, int weight, MatrixView dx,
               Accumulate accumulate = Accumulate::kNo);
// Adds dy^T [O, T] x [T, I] to the weight's gradient; `gradients` are laid out by the model's table.
void linear_dw(const Model& model, ConstMatrixView dy, ConstMatrixView x, int weight, float* gradients);

}  // namespace deepscaler
