// The register tile that every matrix product here is made of: up to kMaxRows rows times a few panels
// of kPanelWidth columns.
//
//   c[r][p, j] (+)= sum over i in [0, depth) of a[r][i] * b[i][p, j]
//
// Every output element is a sum of chains in ascending order. A chain starts from zero and takes kChainLength
// fused multiply-adds in ascending i. A product cut along the depth at a multiple of that length gives the
// same sum, since c holds the sum so far exactly. So an element has the same bits whatever the blocking, the
// rows beside it or the shape of the tile. That makes one row at decode time equal to this row in a training
// batch.
//
// Short chains also round about as little as pairwise sums: a large c, such as a residual, meets one addition
// a chain, not one a step.
#pragma once

#include <cstdint>

#include "base/integer.h"
#include "ops/panels.h"

namespace deepscaler {

// Products from one addition to c to the next.
inline constexpr int64_t kChainLength = 64;

// Operands of a product, depth > 0. Strides are in floats.
struct TileOperands {
  const float* a;            // [rows][depth], or tiles as pack_tiles() makes them
  int64_t a_row_stride = 0;  // of rows
  const float* b;            // panels [depth][kPanelWidth], of the type that the kernels are for
  int64_t b_panel_stride;
  float* c;
  int64_t c_row_stride;
  int64_t c_panel_stride;
  int64_t depth;
  bool accumulate;                 // add to c instead of replacing it
  bool b_from_memory = false;      // b is not in a cache: it was not packed just now
  const float* b_after = nullptr;  // panels of the same stride that are probably next, or null

  // What to fetch from memory meanwhile. Set by multiply_tiles().
  int64_t fetch_distance = 0;   // floats of b to fetch ahead of their use; 0: none
  const float* next = nullptr;  // panels to come: next_lines cache lines of each per fetch_steps of depth
  int64_t next_lines = 0;
};

// The kernels of one instruction set. All strides and sizes are the caller's duty; no checks.
struct TileKernels {
  using Tile = void (*)(const TileOperands&);
  static constexpr int kRowLimit = 8;
  static constexpr int kPanelLimit = 3;
  using Table = Tile[kRowLimit + 1][kPanelLimit + 1];

  int max_rows;                       // the tallest tile, <= kRowLimit
  int panels_at_once[kRowLimit + 1];  // the widest tile for so many rows, <= kPanelLimit
  int64_t step_floats;                // floats that a panel takes for a step of the depth
  int64_t fetch_distance;             // of panels that follow one another, see TileOperands
  int64_t fetch_steps;                // see TileOperands::next_lines
  Table of_rows;                      // for `a` in rows; every width up to the widest of that height
  Table of_tiles;                     // for `a` in tiles; null where kernels have none
};

// Tile kernels of the instruction set in use (ops/kernel_target.h).
//
// For panels of f32; `a` in rows or in tiles.
[[nodiscard]] const TileKernels& tile_kernels();
// For panels of pairs of bfloat16, [depth / 2][kPanelWidth][2], at an even depth. The second of a pair is
// multiplied first. The arithmetic is in f32.
[[nodiscard]] const TileKernels& bf16_pair_panel_tile_kernels();

// How rows are cut into tiles: all of about equal height, since a low tile at the end would leave registers
// idle.
struct TileSplit {
  TileSplit(const TileKernels& kernels, int64_t rows) : rows(rows), tiles(ceil_div(rows, kernels.max_rows)) {}
  [[nodiscard]] int64_t first(int64_t tile) const { return rows * tile / tiles; }
  [[nodiscard]] int height(int64_t tile) const { return static_cast<int>(first(tile + 1) - first(tile)); }
  int64_t rows;
  int64_t tiles;
};

// c = a b (or c += a b) for any number of rows and whole panels, tile by tile, on this thread.
void multiply_tiles(const TileKernels& kernels, const TileOperands& operands, int64_t rows, int64_t panels);

// multiply_tiles() for an `a` that stands tile by tile, [tile][depth][height of the tile], as TileSplit cuts
// the rows. A deep product then reads `a` in one stream.
void multiply_packed_tiles(const TileKernels& kernels, const TileOperands& operands, int64_t rows,
                           int64_t panels);

// Makes the `a` of multiply_packed_tiles() from a transposed matrix: in [depth][rows], whose rows are
// `stride` floats apart.
void pack_tiles(const TileKernels& kernels, const float* in, int64_t stride, int64_t depth, int64_t rows,
                float* out);

}  // namespace deepscaler
