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
// matmul() with other tile kernels (ops/matmul/bf16_matmul.h). I counts steps of their depth: pairs for bf16.
void multiply_by_panels(const TileKernels& kernels, ConstMatrixView x, ForwardProjections projections,
                        Accumulate accumulate);

// dx [T, I] = the sum over the projections, in their order, of dy [T, O] W, or dx += that sum. So a weight
// may come in pieces, one call each, if all but the last have a multiple of kDxPiece outputs: the bits are
// those of one call.
inline constexpr int64_t kDxPiece = 128;
using InputProjections = Projections<ConstPanelView, ConstMatrixView>;
void matmul_dx(InputProjections projections, MatrixView dx, Accumulate accumulate = Accumulate::kNo);
// Packs part of a matrix into panels, when a task of a product needs it: the panels [first_panel, first_panel
// + panels) at the depths [first_depth, first_depth + depth). A panel is [depth][16]; panels are
// packed_panel_stride(depth) floats apart in `out`. Called on any thread. May write up to 256 floats past the
// last panel.
using PackPanels =
    std::function<void(int64_t first_panel, int64_t panels, int64_t first_depth, int64_t depth, float* out)>;
// Floats from one packed panel to the next: the panel and one cache line. Without that line the lines of
// equal depth would all fall into one set of the cache.
[[nodiscard]] int64_t packed_panel_stride(int64_t depth);

// A product a b, of which `pack` makes the panels of b.
struct PackedTerm {
  ConstMatrixView a;  // [rows, depth]
  PackPanels pack;
};
// c [rows, columns] = the sum over `terms` of a b, or c += that sum.
void multiply_packing(const TileKernels& kernels, std::span<const PackedTerm> terms, MatrixView c,
                      Accumulate accumulate = Accumulate::kNo);

// dW [O, I] += dy^T [O, T] x [T, I] of each projection, rows of dy and x in ascending order.
using GradientProjections = Projections<PanelView, ConstMatrixView>;
void matmul_dw(GradientProjections projections, ConstMatrixView x);
// matmul_dw() with other tile kernels and with dy as panels. T counts steps of their depth: pairs for bf16.
void add_outer_products(const TileKernels& kernels, Projections<PanelView, PackPanels> projections,
                        ConstMatrixView x);

// Floating-point operations of all products of this process so far, in f32 and bf16. A multiply-add counts as
// two. Thread-safe.
[[nodiscard]] int64_t product_flops();
void count_product(int64_t rows, int64_t out, int64_t in);

}  // namespace deepscaler
