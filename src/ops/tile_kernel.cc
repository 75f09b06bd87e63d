#include "ops/tile_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/tile_kernel.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <type_traits>
#include <utility>

#include "ops/fetch.h"
#include "ops/kernel_target.h"

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

// Weights come from far away when rows are few: how far ahead they are fetched, in rows of a panel, which a
// narrow tile passes faster than a wide one.
constexpr int64_t kPrefetchRows = kVectors == 1 ? 32 : 96;

// Steps of the depth from one look at what else to fetch to the next: a wide tile has more to fetch.
constexpr int64_t kFetchSteps = kVectors == 1 ? 16 : kChainLength;

// Steps of the depth between two looks at its end: of a processor shared by two threads, either gets half of
// what it can start in a cycle, so what is not a multiply-add costs.
constexpr int kUnroll = kVectors == 1 ? 4 : kVectors == 2 ? 8 : 1;

const hn::RebindToUnsigned<decltype(d)> words;

// Panels of f32: a row for each step of the depth.
struct F32Panels {
  static constexpr int kSteps = 1;  // of the depth in a row
  static constexpr int kRowsAtMost = kMaxRows;
  static constexpr int64_t kRowFloats = kPanelWidth;
  template <int kStep>
  static HWY_INLINE Vector load(const float* row, int v) {
    return hn::LoadU(d, row + v * kLanes);
  }
};

// Panels of bf16, which become f32 when they are loaded.
struct Bf16Panels {
  static constexpr int kSteps = 1;
  static constexpr int kRowsAtMost = kMaxRows;
  static constexpr int64_t kRowFloats = kPanelWidth / 2;
  template <int kStep>
  static HWY_INLINE Vector load(const float* row, int v) {
    const hn::Rebind<uint16_t, decltype(d)> halves;
    const auto bits = hn::LoadU(halves, reinterpret_cast<const uint16_t*>(row) + v * kLanes);
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(words, bits)));
  }
};

// The same of pairs of bf16: two steps a row, the upper number of each pair first.
struct Bf16PairPanels {
  static constexpr int kSteps = 2;
  // With 16 registers, the mask takes those of a row.
  static constexpr int kRowsAtMost = kVectors == 1 ? kMaxRows : kMaxRows - 1;
  static constexpr int64_t kRowFloats = kPanelWidth;
  template <int kStep>
  static HWY_INLINE Vector load(const float* row, int v) {
    const auto pair = hn::BitCast(words, hn::LoadU(d, row + v * kLanes));
    if constexpr (kStep == 0) return hn::BitCast(d, hn::And(pair, hn::Set(words, 0xffff0000u)));
    return hn::BitCast(d, hn::ShiftLeft<16>(pair));
  }
};

template <int kRows, int kPanels>
using Sums = Vector[kRows][kPanels * kVectors];

// Adds the products of one step of the depth to the sums: step kStep of a row of the panels.
template <class Panels, int kStep, int kRows, int kPanels>
HWY_INLINE void add_step(const float* a, int64_t a_row_stride, const float* b, int64_t b_panel_stride,
                         Sums<kRows, kPanels>& sums) {
  Vector b_row[kPanels * kVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kPanels * kVectors; ++v) {
    b_row[v] = Panels::template load<kStep>(b + v / kVectors * b_panel_stride, v % kVectors);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    const Vector a_value = hn::Set(d, a[r * a_row_stride]);
#pragma GCC unroll 16
    for (int v = 0; v < kPanels * kVectors; ++v) sums[r][v] = hn::MulAdd(a_value, b_row[v], sums[r][v]);
  }
}

// The same for so many steps; each moves `a` on by a_step.
template <class Panels, bool kFetch, int kRows, int kPanels>
HWY_INLINE void add_steps(int64_t steps, const float* a, int64_t a_row_stride, int64_t a_step, const float* b,
                          int64_t b_panel_stride, int64_t fetch_distance, Sums<kRows, kPanels>& sums) {
#pragma GCC unroll kUnroll
  for (int64_t i = steps; i > 0; i -= Panels::kSteps) {
    if (kFetch) {
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p) fetch(b + fetch_distance + p * b_panel_stride);
    }
    add_step<Panels, 0, kRows, kPanels>(a, a_row_stride, b, b_panel_stride, sums);
    a += a_step;
    if constexpr (Panels::kSteps == 2) {
      // Both steps load the row: there are no registers to keep it in meanwhile.
      std::atomic_signal_fence(std::memory_order_seq_cst);
      add_step<Panels, 1, kRows, kPanels>(a, a_row_stride, b, b_panel_stride, sums);
      a += a_step;
    }
    b += Panels::kRowFloats;
  }
}

template <class Panels, int kRows, int kPanels, bool kATile>
void tile(const TileOperands& t) {
  // Copies, since the compiler reads `t` again after each store to c.
  const int64_t a_row_stride = kATile ? 1 : t.a_row_stride, b_panel_stride = t.b_panel_stride;
  constexpr int64_t kAStep = kATile ? kRows : 1;
  const int64_t fetch_distance = t.fetch_distance;
  const float* next = t.next;
  const int64_t next_lines = t.next_lines;
  const int64_t c_row_stride = t.c_row_stride, c_panel_stride = t.c_panel_stride;
  const float* a = t.a;
  const float* b = t.b;
  float* const c = t.c;
  bool accumulate = t.accumulate;
  for (int64_t rest = t.depth; rest > 0; rest -= kChainLength) {
    Sums<kRows, kPanels> sums;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
      for (int v = 0; v < kPanels * kVectors; ++v) sums[r][v] = hn::Zero(d);
    }

    for (int64_t left = std::min(rest, kChainLength); left > 0; left -= kFetchSteps) {
      const int64_t steps = std::min(left, kFetchSteps);
      for (int64_t i = 0; i < next_lines; ++i, next += kPanelWidth) {
#pragma GCC unroll 3
        for (int p = 0; p < kPanels; ++p) fetch(next + p * b_panel_stride);
      }
      if (fetch_distance != 0) {
        add_steps<Panels, true, kRows, kPanels>(steps, a, a_row_stride, kAStep, b, b_panel_stride,
                                                fetch_distance, sums);
      } else {
        add_steps<Panels, false, kRows, kPanels>(steps, a, a_row_stride, kAStep, b, b_panel_stride,
                                                 fetch_distance, sums);
      }
      a += steps * kAStep;
      b += steps / Panels::kSteps * Panels::kRowFloats;
    }

#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
      for (int v = 0; v < kPanels * kVectors; ++v) {
        float* to = c + r * c_row_stride + v / kVectors * c_panel_stride + v % kVectors * kLanes;
        hn::StoreU(accumulate ? hn::Add(hn::LoadU(d, to), sums[r][v]) : sums[r][v], d, to);
      }
    }
    accumulate = true;
  }
}

template <class Panels, int kRows, int kPanels>
void add_kernel(TileKernels& kernels) {
  kernels.of_rows[kRows][kPanels] = tile<Panels, kRows, kPanels, false>;
  if constexpr (std::is_same_v<Panels, F32Panels>) {
    kernels.of_tiles[kRows][kPanels] = tile<Panels, kRows, kPanels, true>;
  }
}

template <class Panels, int kRows>
void add_kernels_of_height(TileKernels& kernels) {
  constexpr int kWidest = panels_for_rows(kRows);
  kernels.panels_at_once[kRows] = kWidest;
  add_kernel<Panels, kRows, 1>(kernels);
  if constexpr (kWidest >= 2) add_kernel<Panels, kRows, 2>(kernels);
  if constexpr (kWidest >= 3) add_kernel<Panels, kRows, 3>(kernels);
}

template <class Panels>
TileKernels make_kernels() {
  TileKernels all{};
  all.max_rows = Panels::kRowsAtMost;
  all.step_floats = Panels::kRowFloats / Panels::kSteps;
  all.fetch_distance = kPrefetchRows * Panels::kRowFloats;
  all.fetch_steps = kFetchSteps;
  [&]<int... kRows>(std::integer_sequence<int, kRows...>) {
    (add_kernels_of_height<Panels, kRows + 1>(all), ...);
  }
  (std::make_integer_sequence<int, Panels::kRowsAtMost>{});
  return all;
}

const TileKernels& f32_kernels() {
  static const TileKernels kernels = make_kernels<F32Panels>();
  return kernels;
}
const TileKernels& bf16_panel_kernels() {
  static const TileKernels kernels = make_kernels<Bf16Panels>();
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
HWY_EXPORT(bf16_panel_kernels);
HWY_EXPORT(bf16_pair_panel_kernels);

const TileKernels& tile_kernels() { return HWY_DYNAMIC_DISPATCH(f32_kernels)(); }
const TileKernels& bf16_panel_tile_kernels() { return HWY_DYNAMIC_DISPATCH(bf16_panel_kernels)(); }
const TileKernels& bf16_pair_panel_tile_kernels() { return HWY_DYNAMIC_DISPATCH(bf16_pair_panel_kernels)(); }

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

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
  const bool shares = tile.b_from_memory && split.tiles >= kTilesThatShare && kernels.fetch_steps > 0;
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
  const int64_t widest = kernels.panels_at_once[(rows + split.tiles - 1) / split.tiles];
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
      if (operands.b_after != nullptr) {
        tile.fetch_distance = i == 0 ? operands.b_after - operands.b : 0;
      } else {
        const bool more = panel + width < panels;
        share_fetching(kernels, split, i, panel == 0,
                       more ? operands.b + (panel + width) * operands.b_panel_stride : nullptr, tile);
      }
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

// The height is known to the compiler for the tallest tiles, so that a row is one or two moves.
template <int kHeight>
float* pack_tile(const float* in, int64_t stride, int64_t depth, int height, float* out) {
  const int64_t count = kHeight > 0 ? kHeight : height;
  for (int64_t d = 0; d < depth; ++d, in += stride, out += count) {
    std::memcpy(out, in, static_cast<size_t>(count) * sizeof(float));
  }
  return out;
}

}  // namespace

void pack_tiles(const TileKernels& kernels, const float* in, int64_t stride, int64_t depth, int64_t rows,
                float* out) {
  const TileSplit split(kernels, rows);
  for (int64_t i = 0; i < split.tiles; ++i) {
    const int height = split.height(i);
    const auto pack = height == 8 ? pack_tile<8> : height == 6 ? pack_tile<6> : pack_tile<0>;
    out = pack(in + split.first(i), stride, depth, height, out);
  }
}

}  // namespace deepscaler
#endif
