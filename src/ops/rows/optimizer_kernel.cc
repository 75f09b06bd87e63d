#include "ops/rows/optimizer_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rows/optimizer_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "ops/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

void adamw(const AdamWCoefficients& c, const float* gradient, int64_t n, float* m, float* v, float* w) {
  const Panel clip = broadcast(c.clip), keep = broadcast(c.keep), rate = broadcast(c.rate);
  const Panel beta1 = broadcast(c.beta1), rest1 = broadcast(1 - c.beta1);
  const Panel beta2 = broadcast(c.beta2), rest2 = broadcast(1 - c.beta2);
  const Panel root_scale = broadcast(c.root_scale), eps = broadcast(c.eps);
  for_each_panel(n, [&](int64_t i, auto load, auto store) HWY_ATTR {
    const Panel g = load(gradient + i, 0) * clip;
    const Panel first = beta1 * load(m + i, 0) + rest1 * g;
    const Panel second = beta2 * load(v + i, 0) + rest2 * g * g;
    store(first, m + i);
    store(second, v + i);
    store(load(w + i, 0) * keep - rate * first / (sqrt(second) * root_scale + eps), w + i);
  });
}

double sum_of_squares(const float* x, int64_t n) {
  constexpr int64_t kSums = 8;
  const hn::CappedTag<double, kSums> d;
  const hn::Rebind<float, decltype(d)> floats;
  constexpr int64_t kWidth = static_cast<int64_t>(hn::MaxLanes(d)), kParts = kSums / kWidth;
  hn::Vec<decltype(d)> parts[kParts];
  for (auto& part : parts) part = hn::Zero(d);
  int64_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (int64_t p = 0; p < kParts; ++p) {
      const auto value = hn::PromoteTo(d, hn::LoadU(floats, x + i + p * kWidth));
      parts[p] = hn::Add(parts[p], hn::Mul(value, value));
    }
  }
  double sums[kSums];
  for (int64_t p = 0; p < kParts; ++p) hn::StoreU(parts[p], d, sums + p * kWidth);
  for (int64_t lane = 0; i < n; ++i, ++lane)
    sums[lane] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

const OptimizerKernels& optimizer_kernels_of_target() {
  static constexpr OptimizerKernels kernels = {.adamw = adamw, .sum_of_squares = sum_of_squares};
  return kernels;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(optimizer_kernels_of_target);

const OptimizerKernels& optimizer_kernels() { return HWY_DYNAMIC_DISPATCH(optimizer_kernels_of_target)(); }

}  // namespace deepscaler
#endif
