// y = x W^T with weights of the model, in the type that the model computes in, and its gradients: theirs are
// in f32 also where the model computes in bf16, unless that is faster (bf16_is_fast()).
//
// A weight is an index into the model's table. Projections of the same x are given together: they read it
// once.
#pragma once

#include "model/model.h"

namespace deepscaler {

// y [T, O] = x [T, I] W^T of each projection, or y += x W^T. Rows do not depend on each other nor on threads
// (ops/matmul/matmul.h, ops/matmul/bf16_matmul.h).
void linear(const Model& model, ConstMatrixView x, Projections<int, MatrixView> projections,
            Accumulate accumulate = Accumulate::kNo);
// What the products of the backward pass compute in, on this CPU.
[[nodiscard]] ComputeType backward_compute_type(const Model& model);
// dx [T, I] = the sum over the projections of dy [T, O] W.
void linear_dx(const Model& model, Projections<int, ConstMatrixView> projections, MatrixView dx);
// Adds dy^T [O, T] x [T, I] to the gradient of each projection's weight; `gradients` are laid out by the
// model's table.
void linear_dw(const Model& model, Projections<int, ConstMatrixView> projections, ConstMatrixView x,
               float* gradients);

}  // namespace deepscaler
