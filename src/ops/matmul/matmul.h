// Matrix products for linear layers: y = x W^T forward, dx = dy W and dW += dy^T x backward.
//
// Weights and their gradients live in panels (ops/panels.h).
//
// Each output element is a sum of chains of FMAs, both in ascending order of the summed index
// (ops/matmul/tile_kernel.h): a row of y or dx has the same bits whatever other rows are computed with it,
// and no result depends on the number of threads.
//
// One letter per dimension: T rows (tokens), I inputs, O outputs. Everything is f32. Shapes are the
// caller's invariant (CHECK). Not reentrant from within parallel_for.
#pragma once

#include <cstdint>
#include <functional>

#include "ops/matmul/projections.h"
#include "ops/panels.h"
#include "tensor/matrix.h"

namespace deepscaler {

struct TileKernels;

enum class Accumulate { kNo, kYes };

// y [T, O] = x [T, I] W^T of each projection, or y += x W^T (each chain is then added to y).
using ForwardProjections = Projections<ConstPanelView, MatrixView>;
void matmul(ConstMatrixView x, ForwardProjections projections, Accumulate accumulate = Accumulate::kNo);
// The same with the tiles of another arithmetic (ops/matmul/bf16_matmul.h); I is what their `depth` counts.
void multiply_by_panels(const TileKernels& kernels, ConstMatrixView x, ForwardProjections projections,
                        Accumulate accumulate);

// dx [T, I] = the sum over the projections, in their order, of dy [T, O] W.
using InputProjections = Projections<ConstPanelView, ConstMatrixView>;
void matmul_dx(InputProjections projections, MatrixView dx);
// Puts a matrix into panels, as the tasks of a product need them: writes `panels` of them from first_panel
// on, [depth][16] each and packed_panel_stride(depth) apart, at the depths from first_depth on. It is called
// on any thread, and may write up to 256 floats past the last panel.
using PackPanels =
    std::function<void(int64_t first_panel, int64_t panels, int64_t first_depth, int64_t depth, float* out)>;
// A cache line more than the panel: lines of equal depth would all fall into one set of the cache.
[[nodiscard]] int64_t packed_panel_stride(int64_t depth);

// c = the sum over `terms` of a b.
struct PackedTerm {
  ConstMatrixView a;  // [rows, depth]
  PackPanels pack;
};
void multiply_packing(const TileKernels& kernels, std::span<const PackedTerm> terms, MatrixView c);

// dW [O, I] += dy^T [O, T] x [T, I] of each projection, rows of dy and x in ascending order.
using GradientProjections = Projections<PanelView, ConstMatrixView>;
void matmul_dw(GradientProjections projections, ConstMatrixView x);
// The same with the tiles of another arithmetic and dy as panels: x has T rows of what its `depth` counts.
void add_outer_products(const TileKernels& kernels, Projections<PanelView, PackPanels> projections,
                        ConstMatrixView x);

// Floating-point operations of all products of this process so far, these and those of
// ops/matmul/bf16_matmul.h; two a multiply-add. Any thread.
[[nodiscard]] int64_t product_flops();
void count_product(int64_t rows, int64_t out, int64_t in);

}  // namespace deepscaler
