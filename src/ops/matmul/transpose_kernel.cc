#include "ops/matmul/transpose_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/transpose_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstdint>

#include "ops/panels.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void transpose(const float* in, float* out) {
  for (int64_t row = 0; row < kPanelWidth; ++row) {
    for (int64_t column = 0; column < kPanelWidth; ++column) {
      out[column * kPanelWidth + row] = in[row * kPanelWidth + column];
    }
  }
}

#else

namespace hn = hwy::HWY_NAMESPACE;

const hn::CappedTag<float, kPanelWidth> d;
const hn::Repartition<double, decltype(d)> pairs;
using Vector = hn::Vec<decltype(d)>;
constexpr int64_t kLanes = hn::MaxLanes(d);

// Four numbers each of the rows 0, 4, 8, ..., as many as fill a vector.
template <class D>
HWY_INLINE hn::Vec<D> load_quads(D tag, const float* in) {
  if constexpr (hn::MaxLanes(tag) == 4) {
    return hn::LoadU(tag, in);
  } else {
    const hn::Half<D> half;
    constexpr auto kRows = static_cast<int64_t>(hn::MaxLanes(half));
    return hn::Combine(tag, load_quads(half, in + kRows * kPanelWidth), load_quads(half, in));
  }
}

HWY_INLINE void store(hn::Vec<decltype(pairs)> row, float* out) { hn::StoreU(hn::BitCast(d, row), d, out); }

// Four columns of kLanes rows become four rows: within each quad first numbers, then pairs change places.
HWY_INLINE void transpose_columns(const float* in, float* out) {
  const Vector row0 = load_quads(d, in), row1 = load_quads(d, in + kPanelWidth);
  const Vector row2 = load_quads(d, in + 2 * kPanelWidth), row3 = load_quads(d, in + 3 * kPanelWidth);
  const auto left01 = hn::BitCast(pairs, hn::InterleaveLower(d, row0, row1));
  const auto left23 = hn::BitCast(pairs, hn::InterleaveLower(d, row2, row3));
  const auto right01 = hn::BitCast(pairs, hn::InterleaveUpper(d, row0, row1));
  const auto right23 = hn::BitCast(pairs, hn::InterleaveUpper(d, row2, row3));
  store(hn::InterleaveLower(pairs, left01, left23), out);
  store(hn::InterleaveUpper(pairs, left01, left23), out + kPanelWidth);
  store(hn::InterleaveLower(pairs, right01, right23), out + 2 * kPanelWidth);
  store(hn::InterleaveUpper(pairs, right01, right23), out + 3 * kPanelWidth);
}

void transpose(const float* in, float* out) {
  for (int64_t row = 0; row < kPanelWidth; row += kLanes) {
#pragma GCC unroll 4
    for (int64_t column = 0; column < kPanelWidth; column += 4) {
      transpose_columns(in + row * kPanelWidth + column, out + column * kPanelWidth + row);
    }
  }
}

#endif

SquareTranspose this_transpose() { return transpose; }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(this_transpose);

SquareTranspose square_transpose() { return HWY_DYNAMIC_DISPATCH(this_transpose)(); }

}  // namespace deepscaler
#endif
