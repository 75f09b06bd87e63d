#include "ops/rows/vocabulary_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rows/vocabulary_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <limits>

#include "ops/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

float maximum(const float* logits, int64_t n) {
  Panel m = broadcast(kMinusInfinity);
  for_each_panel(n,
                 [&](int64_t i, auto load, auto) HWY_ATTR { m = max(m, load(logits + i, kMinusInfinity)); });
  return max_lane(m);
}

VocabularyKernels::TileSums sum_exponentials(const float* logits, int64_t n, float inverse_temperature,
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
              VocabularyKernels::GradientCoefficients coefficients) {
  const Panel scale = broadcast(inverse_temperature), shift = broadcast(-log_sum);
  const Panel of_p = broadcast(coefficients.of_p), of_p_log_p = broadcast(coefficients.of_p_log_p);
  for_each_panel(n, [&](int64_t i, auto load, auto store) HWY_ATTR {
    const Panel log_p = max(fma(load(logits + i, 0), scale, shift), broadcast(-200));
    store(exp(log_p) * fma(of_p_log_p, log_p, of_p), logits + i);
  });
}

const VocabularyKernels& vocabulary_kernels_of_target() {
  static constexpr VocabularyKernels kernels = {
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

HWY_EXPORT(vocabulary_kernels_of_target);

const VocabularyKernels& vocabulary_kernels() { return HWY_DYNAMIC_DISPATCH(vocabulary_kernels_of_target)(); }

}  // namespace deepscaler
#endif
