#include "ops/bf16_matmul.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/bf16_matmul.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "ops/tile_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::CappedTag<float, kPanelWidth> d;
const hn::RebindToUnsigned<decltype(d)> words;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(d));

// Each lane's number as the 16 bits of its bf16: rounded to nearest, ties to even; NaN stays NaN.
HWY_INLINE hn::Vec<decltype(words)> rounded_bits(const float* in) {
  const auto x = hn::LoadU(d, in);
  const auto bits = hn::BitCast(words, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1u));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fffu))));
  const auto quiet_nan = hn::Or(hn::ShiftRight<16>(bits), hn::Set(words, 0x40u));
  return hn::IfThenElse(hn::RebindMask(words, hn::IsNaN(x)), quiet_nan, rounded);
}

// out [n], one after the other; n is a multiple of 16.
void round_row(const float* in, int64_t n, uint16_t* out) {
  const hn::Rebind<uint16_t, decltype(d)> halves;
  const hn::RebindToSigned<decltype(d)> integers;
  for (int64_t i = 0; i < n; i += kLanes) {
    hn::StoreU(hn::DemoteTo(halves, hn::BitCast(integers, rounded_bits(in + i))), halves, out + i);
  }
}

// pairs [in / 2][16] from a panel [in][16].
void round_panel(const float* panel, int64_t in, float* pairs) {
  for (int64_t i = 0; i < in; i += 2) {
    for (int64_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      const auto low = rounded_bits(panel + i * kPanelWidth + lane);
      const auto high = rounded_bits(panel + (i + 1) * kPanelWidth + lane);
      hn::StoreU(hn::BitCast(d, hn::Or(low, hn::ShiftLeft<16>(high))), d, pairs + i / 2 * kPanelWidth + lane);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/parallel.h"

namespace deepscaler {

HWY_EXPORT(round_row);
HWY_EXPORT(round_panel);

namespace {

// [rows][in / 2] pairs. Rows that are no multiple of 16 long are rounded beside the result.
void round_rows(ConstMatrixView x, float* pairs) {
  constexpr int64_t kRowsPerTask = 16;
  const int64_t whole = x.cols / kPanelWidth * kPanelWidth, rest = x.cols - whole;
  parallel_for((x.rows + kRowsPerTask - 1) / kRowsPerTask, [&](int64_t task) {
    const int64_t end = std::min(x.rows, (task + 1) * kRowsPerTask);
    for (int64_t row = task * kRowsPerTask; row < end; ++row) {
      uint16_t* out = reinterpret_cast<uint16_t*>(pairs + row * x.cols / 2);
      HWY_DYNAMIC_DISPATCH(round_row)(x.row(row), whole, out);
      if (rest == 0) continue;
      float padded[kPanelWidth] = {};
      uint16_t rounded[kPanelWidth];
      std::copy_n(x.row(row) + whole, rest, padded);
      HWY_DYNAMIC_DISPATCH(round_row)(padded, kPanelWidth, rounded);
      std::memcpy(out + whole, rounded, static_cast<size_t>(rest) * sizeof(uint16_t));
    }
  });
}

}  // namespace

int64_t bf16_panel_size(int64_t out, int64_t in) { return panel_size(out, in) / 2; }

void pack_bf16_panels(ConstPanelView weight, float* pairs) {
  DEEPSCALER_CHECK(weight.in % 2 == 0, "{} inputs", weight.in);
  parallel_for((weight.out + kPanelWidth - 1) / kPanelWidth, [&](int64_t panel) {
    HWY_DYNAMIC_DISPATCH(round_panel)
    (weight.data + panel * weight.in * kPanelWidth, weight.in, pairs + panel * weight.in / 2 * kPanelWidth);
  });
}

void matmul_bf16(ConstMatrixView x, Bf16PanelView weight, MatrixView y, Accumulate accumulate) {
  DEEPSCALER_CHECK(x.cols == weight.in && weight.in % 2 == 0, "{} by {} inputs", x.cols, weight.in);
  count_product(x.rows, weight.out, weight.in);
  thread_local Buffer<float> memory;
  memory.reserve_discarding(x.rows * x.cols / 2);
  round_rows(x, memory.data());
  multiply_by_panels(bf16_tile_kernels(), {memory.data(), x.rows, x.cols / 2},
                     {weight.data, weight.out, weight.in / 2}, y, accumulate);
}

}  // namespace deepscaler
#endif
