#include "ops/softmax_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/softmax_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <limits>

#include "ops/attention.h"
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

void attention_step(float* scores, int64_t valid, float* maximum, float* lane_sums, float* out,
                    int64_t width) {
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

void attention_backward_row(const float* scores, int64_t valid, float log_sum, float delta,
                            float* probabilities, float* dprobabilities) {
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

float maximum(const float* logits, int64_t n) {
  Panel m = broadcast(kMinusInfinity);
  for_each_panel(n,
                 [&](int64_t i, auto load, auto) HWY_ATTR { m = max(m, load(logits + i, kMinusInfinity)); });
  return max_lane(m);
}

SoftmaxKernels::TileSums sum_exponentials(const float* logits, int64_t n, float inverse_temperature,
                                          float maximum) {
  Panel exponentials = broadcast(0), weighted = broadcast(0);
  const Panel scale = broadcast(inverse_temperature), shift = broadcast(-maximum);
  for_each_panel(n, [&](int64_t i, auto load, auto) HWY_ATTR {
    // Far below what a sum of 1 can show; finite, so that 0 * x stays 0.
    const Panel x = max(fma(load(logits + i, kMinusInfinity), scale, shift), broadcast(-200));
    const Panel e = exp(x);
    exponentials = exponentials + e;
    weighted = fma(e, x, weighted);
  });
  return {sum_lanes(exponentials), sum_lanes(weighted)};
}

void gradient(float* logits, int64_t n, float inverse_temperature, float log_sum,
              SoftmaxKernels::GradientCoefficients coefficients) {
  const Panel scale = broadcast(inverse_temperature), shift = broadcast(-log_sum);
  const Panel of_p = broadcast(coefficients.of_p), of_p_log_p = broadcast(coefficients.of_p_log_p);
  for_each_panel(n, [&](int64_t i, auto load, auto store) HWY_ATTR {
    const Panel log_p = max(fma(load(logits + i, 0), scale, shift), broadcast(-200));
    store(exp(log_p) * fma(of_p_log_p, log_p, of_p), logits + i);
  });
}

const SoftmaxKernels& softmax_kernels_of_target() {
  static constexpr SoftmaxKernels kernels = {
      .attention_step = attention_step,
      .sum_block = sum_block,
      .attention_backward_row = attention_backward_row,
      .dot = dot,
      .multiply = multiply,
      .divide = divide,
      .maximum = maximum,
      .sum_exponentials = sum_exponentials,
      .gradient = gradient,
  };
  return kernels;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(softmax_kernels_of_target);

const SoftmaxKernels& softmax_kernels() { return HWY_DYNAMIC_DISPATCH(softmax_kernels_of_target)(); }

}  // namespace deepscaler
#endif
