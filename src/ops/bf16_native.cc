#include "ops/bf16_native.h"

#include <immintrin.h>

#include <algorithm>
#include <utility>

#include "ops/fetch.h"

#define DEEPSCALER_BF16_TARGET __attribute__((target("avx512f,avx512bf16")))

namespace deepscaler {
namespace {

constexpr int kMaxRows = 8;
constexpr int kWidest = 3;
// As in ops/tile_kernel.cc.
constexpr int64_t kPrefetchRows = 32;
constexpr int64_t kChain = kChainLength / 2;

template <int kRows, int kPanels, bool kATile>
DEEPSCALER_BF16_TARGET void tile(const TileOperands& t) {
  const float* a = t.a;
  const float* b = t.b;
  // Copies, since the compiler reads `t` again after each store to c.
  const int64_t a_row_stride = kATile ? 1 : t.a_row_stride, b_panel_stride = t.b_panel_stride;
  const int64_t c_row_stride = t.c_row_stride, c_panel_stride = t.c_panel_stride;
  float* const c = t.c;
  bool accumulate = t.accumulate;
  for (int64_t rest = t.depth; rest > 0; rest -= kChain) {
    __m512 sums[kRows][kPanels];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p) sums[r][p] = _mm512_setzero_ps();
    }

#pragma GCC unroll 2
    for (int64_t i = std::min(rest, kChain); i > 0; --i) {
      __m512bh b_row[kPanels];
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p) {
        const float* panel = b + p * b_panel_stride;
        b_row[p] = reinterpret_cast<__m512bh>(_mm512_loadu_ps(panel));
        fetch(panel + kPrefetchRows * kPanelWidth);
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const auto a_pair = reinterpret_cast<__m512bh>(_mm512_set1_ps(a[r * a_row_stride]));
#pragma GCC unroll 3
        for (int p = 0; p < kPanels; ++p) sums[r][p] = _mm512_dpbf16_ps(sums[r][p], a_pair, b_row[p]);
      }
      a += kATile ? kRows : 1;
      b += kPanelWidth;
    }

#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p) {
        float* to = c + r * c_row_stride + p * c_panel_stride;
        _mm512_storeu_ps(to, accumulate ? _mm512_add_ps(_mm512_loadu_ps(to), sums[r][p]) : sums[r][p]);
      }
    }
    accumulate = true;
  }
}

template <int kRows, int kPanels>
void add_kernel(TileKernels& kernels) {
  kernels.of_rows[kRows][kPanels] = tile<kRows, kPanels, false>;
  kernels.of_tiles[kRows][kPanels] = tile<kRows, kPanels, true>;
}

template <int... kRows>
TileKernels make_kernels(std::integer_sequence<int, kRows...>) {
  TileKernels all{};
  all.max_rows = kMaxRows;
  all.step_floats = kPanelWidth;
  for (int rows = 1; rows <= kMaxRows; ++rows) all.panels_at_once[rows] = kWidest;
  (add_kernel<kRows + 1, 1>(all), ...);
  (add_kernel<kRows + 1, 2>(all), ...);
  (add_kernel<kRows + 1, kWidest>(all), ...);
  return all;
}

}  // namespace

bool cpu_has_native_bf16() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
}

const TileKernels& native_bf16_tile_kernels() {
  static const TileKernels kernels = make_kernels(std::make_integer_sequence<int, kMaxRows>{});
  return kernels;
}

}  // namespace deepscaler
