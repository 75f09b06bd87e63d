// The arithmetic of AdamW over a stretch of the parameters, per instruction set. Every operation rounds by
// itself (IEEE 754), so the bits are those of a plain loop.
#pragma once

#include <cstdint>

namespace deepscaler {

// What the numbers of a stretch have in common at one step.
struct AdamWCoefficients {
  float clip;        // of the gradient
  float beta1;       // decay of the first moment
  float beta2;       // decay of the second moment
  float keep;        // of a weight: 1 - lr * weight decay
  float rate;        // lr / (1 - beta1^t)
  float root_scale;  // 1 / sqrt(1 - beta2^t)
  float eps;
};

struct OptimizerKernels {
  // One update of n weights w with moments m and v (Loshchilov and Hutter, 2019), g = gradient * clip:
  //   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g g,
  //   w = keep w - rate m / (sqrt(v) root_scale + eps)
  void (*adamw)(const AdamWCoefficients& c, const float* gradient, int64_t n, float* m, float* v, float* w);
  // The sum of x^2 in double precision: lane i of eight takes x[i], x[i + 8], ..., then lanes add up in
  // order.
  double (*sum_of_squares)(const float* x, int64_t n);
};

[[nodiscard]] const OptimizerKernels& optimizer_kernels();

}  // namespace deepscaler
