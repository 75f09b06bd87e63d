#include "ops/matmul/tile_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/tile_kernel.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "base/integer.h"
#include "ops/fetch.h"
#include "ops/kernel_target.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::CappedTag<float, kPanelWidth> d;
const hn::RebindToUnsigned<decltype(d)> words;
using Vector = hn::Vec<decltype(d)>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(d));
constexpr int kVectors = kPanelWidth / kLanes;  // registers a panel is wide

// What the loop of a tile wants to know (ops/matmul/tile-inl.h). A wide tile has more to fetch. And of a
// processor shared by two threads, either gets half of what it can start in a cycle, so what is not a
// multiply-add costs.
constexpr int64_t kFetchSteps = kVectors == 1 ? 16 : kChainLength;
constexpr int kUnroll = kVectors == 1 ? 4 : kVectors == 2 ? 8 : 1;
#include "ops/matmul/tile-inl.h"

// Panels of f32, a row for each step of the depth; and what is the same for all panels here.
struct F32Panels {
  using Vector = HWY_NAMESPACE::Vector;
  using Factor = Vector;
  static constexpr int kLanes = HWY_NAMESPACE::kLanes;
  static constexpr int kSteps = 1;
  static constexpr int64_t kRowFloats = kPanelWidth;
  static constexpr int64_t kChain = kChainLength;
  // A narrow tile passes its rows faster than a wide one.
  static constexpr int64_t kFetchRows = kVectors == 1 ? 32 : 96;
  // The largest tile whose sums, one row of b and one broadcast fit the registers: 8 x 3 panels are 24
  // of AVX-512's 32 (3 panels a row keep the 11 loads of a step below its 24 FMAs); 6 x 1 are 12 of 16.
  static constexpr int kMaxRows = kVectors == 1 ? 8 : 6;
  static constexpr int panels_for_rows(int rows) {
    if (kVectors == 1) return 3;
    return kVectors == 2 && rows <= 3 ? 2 : 1;
  }
  static constexpr bool kTiles = true;

  static HWY_INLINE Vector zero() { return hn::Zero(d); }
  static HWY_INLINE Vector load_sum(const float* from) { return hn::LoadU(d, from); }
  static HWY_INLINE void store_sum(Vector sum, float* to) { hn::StoreU(sum, d, to); }
  static HWY_INLINE Vector add(Vector x, Vector y) { return hn::Add(x, y); }
  static HWY_INLINE Vector broadcast(const float* a) { return hn::Set(d, *a); }
  static HWY_INLINE Vector multiply_add(Vector a, Vector b, Vector sum) { return hn::MulAdd(a, b, sum); }
  template <int kStep>
  static HWY_INLINE Vector load(const float* row, int v) {
    return hn::LoadU(d, row + v * kLanes);
  }
};

// Panels of pairs of bf16, which become f32 when they are loaded: two steps a row, the second in the upper
// half.
struct Bf16PairPanels : F32Panels {
  static constexpr int kSteps = 2;
  // With 16 registers, the mask takes those of a row.
  static constexpr int kMaxRows = kVectors == 1 ? F32Panels::kMaxRows : F32Panels::kMaxRows - 1;
  static constexpr bool kTiles = false;
  template <int kStep>
  static HWY_INLINE Vector load(const float* row, int v) {
    const auto pair = hn::BitCast(words, hn::LoadU(d, row + v * kLanes));
    if constexpr (kStep == 1) return hn::BitCast(d, hn::And(pair, hn::Set(words, 0xffff0000u)));
    return hn::BitCast(d, hn::ShiftLeft<16>(pair));
  }
};

const TileKernels& f32_kernels() {
  static const TileKernels kernels = make_kernels<F32Panels>();
  return kernels;
}
const TileKernels& bf16_pair_panel_kernels() {
  static const TileKernels kernels = make_kernels<Bf16PairPanels>();
  return kernels;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(f32_kernels);
HWY_EXPORT(bf16_pair_panel_kernels);

const TileKernels& tile_kernels() { return HWY_DYNAMIC_DISPATCH(f32_kernels)(); }
const TileKernels& bf16_pair_panel_tile_kernels() { return HWY_DYNAMIC_DISPATCH(bf16_pair_panel_kernels)(); }

namespace {

// Where the sums go on from memory, they are fetched while the tile before is at work.
void prefetch_sums(const TileOperands& t, int height, int64_t width) {
  if (!t.accumulate) return;
  for (int r = 0; r < height; ++r) {
    for (int p = 0; p < width; ++p) hwy::Prefetch(t.c + r * t.c_row_stride + p * t.c_panel_stride);
  }
}

// How many of the panels left the next tiles take: the widest do, but four are two and two, since a single
// one leaves half of the registers idle.
int64_t next_width(int64_t left, int64_t widest) {
  return left == widest + 1 && widest > 2 ? widest - 1 : std::min(left, widest);
}

// From so many tiles on, each of them fetches its share of the panels to come, little by little: the memory
// is then never asked for more than it gives. Fewer would have to ask for too much at a time.
constexpr int64_t kTilesThatShare = 4;

// What tile `i` fetches while it works on the panels before `next`; the first panels of all nobody fetched.
void share_fetching(const TileKernels& kernels, const TileSplit& split, int64_t i, bool first,
                    const float* next, TileOperands& tile) {
  const bool shares = tile.b_from_memory && split.tiles >= kTilesThatShare;
  if (i == 0 && (first || !shares)) {  // the tiles below find the panels near
    tile.fetch_distance = kernels.fetch_distance;
  } else if (shares && next != nullptr) {
    const int64_t looks = ceil_div(tile.depth, kernels.fetch_steps);
    const int64_t lines = ceil_div(tile.depth * kernels.step_floats, kPanelWidth);  // of a panel
    tile.next_lines = ceil_div(ceil_div(lines, split.tiles), looks);
    tile.next = next + i * tile.next_lines * looks * kPanelWidth;
  }
}

// `a` moves on by a_row_step from tile to tile for each row.
void multiply(const TileKernels& kernels, const TileKernels::Table& table, const TileOperands& operands,
              int64_t a_row_step, int64_t rows, int64_t panels) {
  const TileSplit split(kernels, rows);
  if (split.tiles == 0) return;
  const int64_t widest = kernels.panels_at_once[ceil_div(rows, split.tiles)];
  for (int64_t panel = 0; panel < panels;) {
    // Panels outside, rows inside: the panels stay near for all rows.
    const int64_t width = next_width(panels - panel, widest);
    for (int64_t i = 0; i < split.tiles; ++i) {
      TileOperands tile = operands;
      tile.a += split.first(i) * a_row_step;
      tile.b += panel * operands.b_panel_stride;
      tile.c += split.first(i) * operands.c_row_stride + panel * operands.c_panel_stride;
      if (i + 1 < split.tiles) {
        TileOperands next = tile;
        next.c += split.height(i) * operands.c_row_stride;
        prefetch_sums(next, split.height(i + 1), width);
      }
      const bool more = panel + width < panels;
      share_fetching(kernels, split, i, panel == 0,
                     more ? operands.b + (panel + width) * operands.b_panel_stride : operands.b_after, tile);
      table[split.height(i)][width](tile);
    }
    panel += width;
  }
}

}  // namespace

void multiply_tiles(const TileKernels& kernels, const TileOperands& operands, int64_t rows, int64_t panels) {
  multiply(kernels, kernels.of_rows, operands, operands.a_row_stride, rows, panels);
}

void multiply_packed_tiles(const TileKernels& kernels, const TileOperands& operands, int64_t rows,
                           int64_t panels) {
  multiply(kernels, kernels.of_tiles, operands, operands.depth, rows, panels);
}

namespace {

// Packs tiles of one height side by side: rows are read some cache lines at a time, and as many streams
// written. The height is known to the compiler for the tallest tiles, so that a row is one or two moves.
template <int kHeight>
void pack_side_by_side(const float* in, int64_t stride, int64_t depth, int64_t tiles, int height,
                       float* out) {
  const int64_t count = kHeight > 0 ? kHeight : height;
  for (int64_t d = 0; d < depth; ++d, in += stride, out += count) {
    const float* ahead = in + std::min(kRowsAhead, depth - 1 - d) * stride;
    for (int64_t i = 0; i < tiles * count; i += kPanelWidth) fetch(ahead + i);
    for (int64_t t = 0; t < tiles; ++t) {
      std::memcpy(out + t * depth * count, in + t * count, static_cast<size_t>(count) * sizeof(float));
    }
  }
}

}  // namespace

void pack_tiles(const TileKernels& kernels, const float* in, int64_t stride, int64_t depth, int64_t rows,
                float* out) {
  constexpr int64_t kTilesAtOnce = 8;
  const TileSplit split(kernels, rows);
  for (int64_t first = 0, end; first < split.tiles; first = end) {
    const int height = split.height(first);
    end = first + 1;
    while (end < std::min(first + kTilesAtOnce, split.tiles) && split.height(end) == height) ++end;
    const auto pack = height == 8   ? pack_side_by_side<8>
                      : height == 6 ? pack_side_by_side<6>
                                    : pack_side_by_side<0>;
    const int64_t row = split.first(first);
    pack(in + row, stride, depth, end - first, height, out + row * depth);
  }
}

}  // namespace deepscaler
#endif
