#include "ops/tile_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/tile_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::CappedTag<float, kPanelWidth> d;
using Vector = hn::Vec<decltype(d)>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(d));
constexpr int kVectors = kPanelWidth / kLanes;  // registers a panel is wide

// The largest tile whose sums, one row of b and one broadcast fit the registers: 8 x 3 panels are 24
// of AVX-512's 32 (3 panels a row keep the 11 loads of a step below its 24 FMAs); 6 x 1 are 12 of 16.
constexpr int kMaxRows = kVectors == 1 ? 8 : 6;
constexpr int panels_for_rows(int rows) {
  if (kVectors == 1) return 3;
  return kVectors == 2 && rows <= 3 ? 2 : 1;
}

enum class ADirection { kByRows, kByDepth };

template <ADirection kDirection>
HWY_INLINE const float* element(const TileOperands& t, const float* a, int row) {
  return kDirection == ADirection::kByRows ? a + row * t.a_row_stride : a + row;
}

template <int kRows, int kPanels, ADirection kDirection>
void tile(const TileOperands& t) {
  Vector sums[kRows][kPanels * kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kPanels * kVectors; ++v) {
      const float* c = t.c + r * t.c_row_stride + v / kVectors * t.c_panel_stride + v % kVectors * kLanes;
      sums[r][v] = t.accumulate ? hn::LoadU(d, c) : hn::Zero(d);
    }
  }

  const float* a = t.a;
  const float* b = t.b;
  const int64_t a_step = kDirection == ADirection::kByRows ? 1 : t.a_depth_stride;
  for (int64_t i = 0; i < t.depth; ++i) {
    Vector b_row[kPanels * kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kPanels * kVectors; ++v) {
      b_row[v] = hn::LoadU(d, b + v / kVectors * t.b_panel_stride + v % kVectors * kLanes);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vector a_value = hn::Set(d, *element<kDirection>(t, a, r));
#pragma GCC unroll 16
      for (int v = 0; v < kPanels * kVectors; ++v) sums[r][v] = hn::MulAdd(a_value, b_row[v], sums[r][v]);
    }
    a += a_step;
    b += t.b_depth_stride;
  }

#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kPanels * kVectors; ++v) {
      float* c = t.c + r * t.c_row_stride + v / kVectors * t.c_panel_stride + v % kVectors * kLanes;
      hn::StoreU(sums[r][v], d, c);
    }
  }
}

template <int kRows, int kPanels>
void add_kernel(TileKernels& kernels) {
  kernels.by_rows[kRows][kPanels] = tile<kRows, kPanels, ADirection::kByRows>;
  kernels.by_depth[kRows][kPanels] = tile<kRows, kPanels, ADirection::kByDepth>;
}

template <int kRows>
void add_kernels_of_height(TileKernels& kernels) {
  constexpr int kPanels = panels_for_rows(kRows);
  kernels.panels_at_once[kRows] = kPanels;
  add_kernel<kRows, kPanels>(kernels);
  add_kernel<kRows, 1>(kernels);
}

const TileKernels& kernels_of_target() {
  static const TileKernels kernels = [] {
    TileKernels all{};
    all.max_rows = kMaxRows;
    [&]<int... kRows>(std::integer_sequence<int, kRows...>) { (add_kernels_of_height<kRows + 1>(all), ...); }
    (std::make_integer_sequence<int, kMaxRows>{});
    return all;
  }();
  return kernels;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(kernels_of_target);

const TileKernels& tile_kernels() { return HWY_DYNAMIC_DISPATCH(kernels_of_target)(); }

void multiply_tiles(const TileKernels& kernels, const TileOperands& operands, int64_t rows, int64_t panels) {
  const auto& table = operands.a_depth_stride == 1 ? kernels.by_rows : kernels.by_depth;
  // Tiles of equal height: a low one at the end would leave registers idle.
  const int64_t tiles = (rows + kernels.max_rows - 1) / kernels.max_rows;
  const int widest = kernels.panels_at_once[tiles == 0 ? 1 : (rows + tiles - 1) / tiles];
  for (int64_t panel = 0; panel < panels;) {
    // Panels outside, rows inside: the panels stay in the first-level cache for all rows.
    const int width = panels - panel >= widest ? widest : 1;
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t first = rows * i / tiles;
      const int height = static_cast<int>(rows * (i + 1) / tiles - first);
      TileOperands tile = operands;
      tile.a += first * operands.a_row_stride;
      tile.b += panel * operands.b_panel_stride;
      tile.c += first * operands.c_row_stride + panel * operands.c_panel_stride;
      const bool fits = kernels.panels_at_once[height] == width;
      if (fits || width == 1) {
        table[height][width](tile);
      } else {
        for (int p = 0; p < width; ++p) {
          TileOperands narrow = tile;
          narrow.b += p * operands.b_panel_stride;
          narrow.c += p * operands.c_panel_stride;
          table[height][1](narrow);
        }
      }
    }
    panel += width;
  }
}

}  // namespace deepscaler
#endif
