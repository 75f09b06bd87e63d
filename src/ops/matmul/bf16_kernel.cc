#include "ops/matmul/bf16_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/bf16_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "ops/matmul/transpose_kernel.h"
#include "ops/panels.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::CappedTag<float, kPanelWidth> d;
const hn::RebindToUnsigned<decltype(d)> words;
using Words = hn::Vec<decltype(words)>;
constexpr auto kLanes = static_cast<int64_t>(hn::MaxLanes(d));

// Each number as the 16 bits of its bf16.
HWY_INLINE Words bf16_bits(const float* in) {
  const auto x = hn::LoadU(d, in);
  const auto bits = hn::BitCast(words, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1u));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fffu))));
  const auto quiet_nan = hn::Or(hn::ShiftRight<16>(bits), hn::Set(words, 0x40u));
  return hn::IfThenElse(hn::RebindMask(words, hn::IsNaN(x)), quiet_nan, rounded);
}

HWY_INLINE Words load_pairs(const float* from) { return hn::BitCast(words, hn::LoadU(d, from)); }
HWY_INLINE void store_words(Words x, float* to) { hn::StoreU(hn::BitCast(d, x), d, to); }

void narrow(const float* in, int64_t n, uint16_t* out) {
  const hn::Rebind<uint16_t, decltype(d)> halves;
  const hn::RebindToSigned<decltype(d)> integers;
  for (int64_t i = 0; i < n; i += kLanes) {
    hn::StoreU(hn::DemoteTo(halves, hn::BitCast(integers, bf16_bits(in + i))), halves, out + i);
  }
}

void round(const float* in, int64_t n, float* out) {
  for (int64_t i = 0; i < n; i += kLanes) store_words(hn::ShiftLeft<16>(bf16_bits(in + i)), out + i);
}

void pair_rows(const float* first, const float* second, int64_t n, int64_t stride, float* pairs) {
  for (int64_t i = 0; i < n; i += kPanelWidth, first += kPanelWidth, second += kPanelWidth, pairs += stride) {
    for (int64_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      const auto low = bf16_bits(first + lane), high = bf16_bits(second + lane);
      store_words(hn::Or(low, hn::ShiftLeft<16>(high)), pairs + lane);
    }
  }
}

void split_pairs(const float* pairs, int64_t rows, float* out) {
  for (int64_t row = 0; row < rows; ++row, pairs += kPanelWidth, out += 2 * kPanelWidth) {
    for (int64_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      const auto both = load_pairs(pairs + lane);
      store_words(hn::ShiftLeft<16>(both), out + lane);
      store_words(hn::And(both, hn::Set(words, 0xffff0000u)), out + kPanelWidth + lane);
    }
  }
}

void transpose_pairs(const float* in, float* out) {
  HWY_ALIGN float square[kPanelWidth * kPanelWidth], transposed[kPanelWidth * kPanelWidth];
  split_pairs(in, kPanelWidth / 2, square);
  square_transpose()(square, transposed);
  for (int64_t pair = 0; pair < kPanelWidth / 2; ++pair, out += kPanelWidth) {
    const float* row = transposed + 2 * pair * kPanelWidth;
    for (int64_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      const auto low = hn::ShiftRight<16>(load_pairs(row + lane));
      store_words(hn::Or(low, load_pairs(row + kPanelWidth + lane)), out + lane);
    }
  }
}

const Bf16Kernels& bf16_kernels_of_target() {
  static constexpr Bf16Kernels kernels = {
      .narrow = narrow,
      .round = round,
      .pair_rows = pair_rows,
      .split_pairs = split_pairs,
      .transpose_pairs = transpose_pairs,
  };
  return kernels;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(bf16_kernels_of_target);

const Bf16Kernels& bf16_kernels() { return HWY_DYNAMIC_DISPATCH(bf16_kernels_of_target)(); }

}  // namespace deepscaler
#endif
