#include "ops/bf16_matmul.h"

#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/bf16_matmul.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "ops/kernel_target.h"
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

// out [n]: the rounded numbers as floats, the second of each pair first; n is a multiple of 16.
void round_row_to_floats(const float* in, int64_t n, float* out) {
  for (int64_t i = 0; i < n; i += kLanes) {
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(rounded_bits(in + i))), d, out + i);
  }
  for (int64_t i = 0; i < n; i += 2) std::swap(out[i], out[i + 1]);
}

// panels [2 pairs][16] of floats, the second of each pair first, from so many rows of pairs [16].
void expand_pairs(const float* pairs, int64_t rows, float* panels) {
  const auto high = hn::Set(words, 0xffff0000u);
  for (int64_t i = 0; i < rows * kPanelWidth; i += kLanes) {
    const auto both = hn::BitCast(words, hn::LoadU(d, pairs + i));
    float* out = panels + 2 * i - i % kPanelWidth;
    hn::StoreU(hn::BitCast(d, hn::And(both, high)), d, out);
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(both)), d, out + kPanelWidth);
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

#include "base/error.h"
#include "base/parallel.h"

namespace deepscaler {

HWY_EXPORT(round_row);
HWY_EXPORT(round_row_to_floats);
HWY_EXPORT(expand_pairs);
HWY_EXPORT(round_panel);

namespace {

// Rows from which on it pays to expand the weights to f32 while they pass: two f32 FMAs take less time than
// what else does a step of pairs (unless bf16_is_fast()), and enough rows pay for the expanding.
constexpr int64_t kExpandingRows = 32;

// out [rows][cols]. Rows that are no multiple of 16 long are rounded beside the result.
template <class Rounded>
void round_rows(ConstMatrixView x, void (*round)(const float*, int64_t, Rounded*), Rounded* out) {
  constexpr int64_t kRowsPerTask = 16;
  const int64_t whole = x.cols / kPanelWidth * kPanelWidth, rest = x.cols - whole;
  parallel_for((x.rows + kRowsPerTask - 1) / kRowsPerTask, [&](int64_t task) {
    const int64_t end = std::min(x.rows, (task + 1) * kRowsPerTask);
    for (int64_t row = task * kRowsPerTask; row < end; ++row) {
      Rounded* to = out + row * x.cols;
      round(x.row(row), whole, to);
      if (rest == 0) continue;
      float padded[kPanelWidth] = {};
      Rounded beside[kPanelWidth];
      std::copy_n(x.row(row) + whole, rest, padded);
      round(padded, kPanelWidth, beside);
      std::copy_n(beside, rest, to + whole);
    }
  });
}

// The same sums as of pairs: as many products a chain, the second of a pair first.
void multiply_expanding(ConstMatrixView x, Bf16PanelView weight, MatrixView y, Accumulate accumulate) {
  thread_local Buffer<float> memory;
  memory.reserve_discarding(x.rows * x.cols);
  round_rows(x, &HWY_DYNAMIC_DISPATCH(round_row_to_floats), memory.data());
  const auto expand = &HWY_DYNAMIC_DISPATCH(expand_pairs);
  const auto pack = [&](int64_t first_panel, int64_t panels, int64_t first_in, int64_t depth, float* out) {
    for (int64_t p = 0; p < panels; ++p) {
      const float* pairs = weight.data + ((first_panel + p) * weight.in + first_in) / 2 * kPanelWidth;
      expand(pairs, depth / 2, out + p * depth * kPanelWidth);
    }
  };
  multiply_packing({memory.data(), x.rows, x.cols}, weight.out, pack, y, accumulate);
}

void multiply_pairs(ConstMatrixView x, Bf16PanelView weight, MatrixView y, Accumulate accumulate) {
  thread_local Buffer<float> memory;
  memory.reserve_discarding(x.rows * x.cols / 2);
  round_rows(x, &HWY_DYNAMIC_DISPATCH(round_row), reinterpret_cast<uint16_t*>(memory.data()));
  multiply_by_panels(bf16_tile_kernels(), {memory.data(), x.rows, x.cols / 2},
                     {weight.data, weight.out, weight.in / 2}, y, accumulate);
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
  const bool expands = x.rows >= kExpandingRows && !bf16_is_fast();
  (expands ? multiply_expanding : multiply_pairs)(x, weight, y, accumulate);
}

}  // namespace deepscaler
#endif
