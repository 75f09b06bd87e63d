// The register tile that every matrix product here is made of: up to kMaxRows rows times a few panels
// of kPanelWidth columns.
//
//   c[r][p, j] (+)= sum over i in [0, depth), ascending, of a[r][i] * b[i][p, j]
//
// Every output element is one chain of fused multiply-adds in ascending i. A product cut along the
// depth goes on from the stored partial sum, which is exact in f32. So the same element has the same
// bits whatever the blocking, the number of rows beside it, or the shape of the tile: that is what
// makes one row at decode time equal to the same row in a training batch.
#pragma once

#include <cstdint>

namespace deepscaler {

// 16 floats: one AVX-512 register or two of AVX2, and one cache line.
inline constexpr int64_t kPanelWidth = 16;

// Operands of one tile. Strides are in floats.
struct TileOperands {
  const float* a;
  int64_t a_row_stride;    // from row to row
  int64_t a_depth_stride;  // from depth to depth; one of the two strides of `a` is 1
  const float* b;
  int64_t b_depth_stride;  // kPanelWidth in packed panels
  int64_t b_panel_stride;  // from panel to panel
  float* c;
  int64_t c_row_stride;
  int64_t c_panel_stride;
  int64_t depth;
  bool accumulate;  // go on from c instead of from zero
};

// The kernels of one instruction set. All strides and sizes are the caller's duty; no checks.
struct TileKernels {
  using Tile = void (*)(const TileOperands&);
  static constexpr int kRowLimit = 8;
  static constexpr int kPanelLimit = 3;

  int max_rows;                                   // the tallest tile, <= kRowLimit
  int panels_at_once[kRowLimit + 1];              // the widest tile for so many rows, <= kPanelLimit
  Tile by_rows[kRowLimit + 1][kPanelLimit + 1];   // a_depth_stride == 1
  Tile by_depth[kRowLimit + 1][kPanelLimit + 1];  // a_row_stride == 1
};

// The table of the instruction set in use (see ops/kernel_target.h).
[[nodiscard]] const TileKernels& tile_kernels();

// c = a b (or c += a b) for any number of rows and whole panels, tile by tile, on this thread.
void multiply_tiles(const TileKernels& kernels, const TileOperands& operands, int64_t rows, int64_t panels);

}  // namespace deepscaler
