// Matrix products for linear layers: y = x W^T forward, dx = dy W and dW += dy^T x backward.
//
// Weights live in panels, [ceil(out / 16)][in][16]: sixteen outputs side by side, so that the kernel
// reads them in one stream. Lanes past `out` are zero and stay zero. Gradients use the same layout
// as the weights, so an optimizer walks both as flat arrays, and there is no second copy of a weight.
//
// Each output element is a sum of chains of FMAs, both in ascending order of the summed index
// (ops/tile_kernel.h): a row of y or dx has the same bits whatever other rows are computed with it, and no
// result depends on the number of threads.
//
// One letter per dimension: T rows (tokens), I inputs, O outputs. Everything is f32. Shapes are the
// caller's invariant (CHECK). Not reentrant from within parallel_for.
#pragma once

#include <cstdint>
#include <functional>

#include "ops/projections.h"
#include "tensor/matrix.h"

namespace deepscaler {

struct TileKernels;

// Floats that the panels of an [out, in] matrix take.
[[nodiscard]] int64_t panel_size(int64_t out, int64_t in);
// Where element [o, i] of the matrix stands in its panels.
[[nodiscard]] int64_t panel_offset(int64_t in, int64_t o, int64_t i);

// A weight in panels; T is float or const float. A view: owns nothing.
template <class T>
struct PanelSpan {
  T* data = nullptr;
  int64_t out = 0;
  int64_t in = 0;

  operator PanelSpan<const T>() const { return {data, out, in}; }
};
using PanelView = PanelSpan<float>;
using ConstPanelView = PanelSpan<const float>;

// Between row-major [O, I] and panels. pack_panels also zeroes the lanes past O.
void pack_panels(ConstMatrixView rows, PanelView panels);
void unpack_panels(ConstPanelView panels, MatrixView rows);

enum class Accumulate { kNo, kYes };

// y [T, O] = x [T, I] W^T of each projection, or y += x W^T (each chain is then added to y).
using ForwardProjections = Projections<ConstPanelView, MatrixView>;
void matmul(ConstMatrixView x, ForwardProjections projections, Accumulate accumulate = Accumulate::kNo);
// The same with the tiles of another arithmetic (ops/bf16_matmul.h); I is what their `depth` counts.
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

// Floating-point operations of all products of this process so far, these and those of ops/bf16_matmul.h;
// two a multiply-add. Any thread.
[[nodiscard]] int64_t product_flops();
void count_product(int64_t rows, int64_t out, int64_t in);

}  // namespace deepscaler
