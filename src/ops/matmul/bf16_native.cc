#include "ops/matmul/bf16_native.h"

#include <hwy/base.h>
#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "ops/fetch.h"

namespace deepscaler {
namespace {

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bf16")

constexpr int64_t kFetchSteps = 16;
constexpr int kUnroll = 2;
#include "ops/matmul/tile-inl.h"

// A step of the depth is a pair.
struct PairPanels {
  using Vector = __m512;
  using Factor = __m512bh;
  static constexpr int kLanes = kPanelWidth;
  static constexpr int kSteps = 1;
  static constexpr int64_t kRowFloats = kPanelWidth;
  static constexpr int64_t kChain = kChainLength / 2;
  static constexpr int64_t kFetchRows = 32;
  static constexpr int kMaxRows = 8;
  static constexpr int panels_for_rows(int) { return 3; }
  static constexpr bool kTiles = true;

  static HWY_INLINE Vector zero() { return _mm512_setzero_ps(); }
  static HWY_INLINE Vector load_sum(const float* from) { return _mm512_loadu_ps(from); }
  static HWY_INLINE void store_sum(Vector sum, float* to) { _mm512_storeu_ps(to, sum); }
  static HWY_INLINE Vector add(Vector x, Vector y) { return _mm512_add_ps(x, y); }
  static HWY_INLINE Factor broadcast(const float* a) { return reinterpret_cast<Factor>(_mm512_set1_ps(*a)); }
  static HWY_INLINE Vector multiply_add(Factor a, Factor b, Vector sum) {
    return _mm512_dpbf16_ps(sum, a, b);
  }
  template <int kStep>
  static HWY_INLINE Factor load(const float* row, int) {
    return reinterpret_cast<Factor>(_mm512_loadu_ps(row));
  }
};

const TileKernels& kernels() {
  static const TileKernels kernels = make_kernels<PairPanels>();
  return kernels;
}

#pragma GCC pop_options

}  // namespace

const TileKernels& native_bf16_tile_kernels() { return kernels(); }

}  // namespace deepscaler
