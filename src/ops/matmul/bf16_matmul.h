// The products of ops/matmul/matmul.h in bfloat16: both factors rounded to bf16, products exact, sums in f32.
//
// As in ops/matmul/matmul.h every output element is a sum of chains, over pairs of inputs in ascending order.
// So a row has the same bits whatever rows are beside it and on any number of threads.
//
// A native bf16 dot product does two f32 FMAs, the second of the pair first (Intel's to the bit where
// denormals are flushed). Tiles in f32 that widen the weights as they load them do the same FMAs. They serve
// CPUs without the instruction, and products of many rows.
//
// Letters and CHECKs as in ops/matmul/matmul.h; I is even.
#pragma once

#include <cstdint>

#include "ops/matmul/matmul.h"

namespace deepscaler {

// A weight in panels of pairs, [ceil(O / 16)][I / 2][16][2], where each pair of bf16 is carried as one
// float. A view: owns nothing.
struct Bf16PanelView {
  const float* data = nullptr;
  int64_t out = 0;
  int64_t in = 0;
};

// The number of floats in the panels of pairs: half as many as in f32.
[[nodiscard]] int64_t bf16_panel_size(int64_t out, int64_t in);

// Rounds a weight; `pairs` has room for bf16_panel_size().
void pack_bf16_panels(ConstPanelView weight, float* pairs);

// y [T, O] = x [T, I] W^T of each projection, or y += x W^T (each chain is then added to y).
void matmul_bf16(ConstMatrixView x, Projections<Bf16PanelView, MatrixView> projections,
                 Accumulate accumulate = Accumulate::kNo);
// dx [T, I] = the sum over the projections, in their order, of dy [T, O] W, or dx += that sum; in pieces as
// matmul_dx(). Only for CPUs with the instruction (bf16_is_native()), as is matmul_bf16_dw(): elsewhere f32
// is as fast and more exact.
void matmul_bf16_dx(Projections<Bf16PanelView, ConstMatrixView> projections, MatrixView dx,
                    Accumulate accumulate = Accumulate::kNo);
// dW [O, I] += dy^T [O, T] x [T, I] of each projection, over pairs of rows in ascending order.
void matmul_bf16_dw(GradientProjections projections, ConstMatrixView x);

}  // namespace deepscaler
