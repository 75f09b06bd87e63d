#include "ops/attention/attention_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/attention_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <limits>

#include "ops/attention/attention_block.h"
#include "ops/attention/attention_q8.h"
#include "ops/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
static_assert(kKeysPerBlock == 2 * kPanelWidth);

// The scores of a block with lanes from `valid` on set to minus infinity.
HWY_INLINE Panel masked_scores(const float* scores, int64_t valid, int64_t first) {
  const int64_t n = std::clamp<int64_t>(valid - first, 0, kPanelWidth);
  return n == kPanelWidth ? load(scores + first) : load_first(scores + first, n, kMinusInfinity);
}

void softmax_step(float* scores, int64_t valid, float* maximum, float* lane_sums, float* out, int64_t width) {
  const Panel low = masked_scores(scores, valid, 0), high = masked_scores(scores, valid, kPanelWidth);
  const float new_maximum = std::max(*maximum, max_lane(max(low, high)));
  const Panel shift = broadcast(new_maximum);
  const Panel p_low = exp(low - shift), p_high = exp(high - shift);
  store(p_low, scores);
  store(p_high, scores + kPanelWidth);
  if (new_maximum != *maximum) {  // else the factor is one, exactly
    const Panel factor = exp(broadcast(*maximum) - shift);
    store(load(lane_sums) * factor, lane_sums);
    store(load(lane_sums + kPanelWidth) * factor, lane_sums + kPanelWidth);
    for (int64_t i = 0; i < width; i += kPanelWidth) store(load(out + i) * factor, out + i);
    *maximum = new_maximum;
  }
  store(load(lane_sums) + p_low, lane_sums);
  store(load(lane_sums + kPanelWidth) + p_high, lane_sums + kPanelWidth);
}

float sum_block(const float* lane_sums) { return sum_lanes(load(lane_sums) + load(lane_sums + kPanelWidth)); }

void softmax_backward(const float* scores, int64_t valid, float log_sum, float delta, float* probabilities,
                      float* dprobabilities) {
  for (int64_t first = 0; first < kKeysPerBlock; first += kPanelWidth) {
    const Panel p = exp(masked_scores(scores, valid, first) - broadcast(log_sum));
    store(p, probabilities + first);
    store(p * (load(dprobabilities + first) - broadcast(delta)), dprobabilities + first);
  }
}

float dot(const float* a, const float* b, int64_t n) {
  Panel sum = broadcast(0);
  for_each_panel(
      n, [&](int64_t i, auto load, auto) HWY_ATTR { sum = fma(load(a + i, 0), load(b + i, 0), sum); });
  return sum_lanes(sum);
}

void multiply(const float* in, float factor, int64_t n, float* out) {
  for_each_panel(n, [&](int64_t i, auto load, auto store)
                        HWY_ATTR { store(load(in + i, 0) * broadcast(factor), out + i); });
}

void divide(const float* in, float divisor, int64_t n, float* out) {
  for_each_panel(n, [&](int64_t i, auto load, auto store)
                        HWY_ATTR { store(load(in + i, 0) / broadcast(divisor), out + i); });
}

HWY_INLINE Panel load_levels(const int8_t* levels) {
  const hn::Rebind<int8_t, PanelTag> bytes;
  const hn::Rebind<int32_t, PanelTag> integers;
  return map([&](int i) HWY_ATTR {
    return hn::ConvertTo(PanelTag(), hn::PromoteTo(integers, hn::LoadU(bytes, levels + i * kLanes)));
  });
}

HWY_INLINE Panel load_scales(const uint16_t* scales) {
  const hn::Rebind<hwy::float16_t, PanelTag> halves;
  return map([&](int i) HWY_ATTR {
    return hn::PromoteTo(PanelTag(),
                         hn::LoadU(halves, reinterpret_cast<const hwy::float16_t*>(scales) + i * kLanes));
  });
}

void widen_q8_keys(const int8_t* levels, const uint16_t* scales, int64_t width, float* out) {
  for (int64_t run = 0; run < kKeysPerBlock / kPanelWidth * width / kQ8Run; ++run, scales += kPanelWidth) {
    const Panel scale = load_scales(scales);
    for (int64_t i = 0; i < kQ8Run; ++i, levels += kPanelWidth, out += kPanelWidth) {
      store(load_levels(levels) * scale, out);
    }
  }
}

void widen_q8_values(const int8_t* levels, const uint16_t* scales, int64_t width, float* out) {
  for (int64_t run = 0; run < width / kQ8Run; ++run, scales += kKeysPerBlock) {
    float of_slots[kKeysPerBlock];
    store(load_scales(scales), of_slots);
    store(load_scales(scales + kPanelWidth), of_slots + kPanelWidth);
    for (int64_t half = 0; half < kQ8Run / kPanelWidth; ++half) {
      for (const float scale : of_slots) {
        store(load_levels(levels) * broadcast(scale), out);
        levels += kPanelWidth;
        out += kPanelWidth;
      }
    }
  }
}

const AttentionKernels& attention_kernels_of_target() {
  static constexpr AttentionKernels kernels = {
      .softmax_step = softmax_step,
      .sum_block = sum_block,
      .softmax_backward = softmax_backward,
      .dot = dot,
      .multiply = multiply,
      .divide = divide,
      .widen_q8_keys = widen_q8_keys,
      .widen_q8_values = widen_q8_values,
  };
  return kernels;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(attention_kernels_of_target);

const AttentionKernels& attention_kernels() { return HWY_DYNAMIC_DISPATCH(attention_kernels_of_target)(); }

}  // namespace deepscaler
#endif
