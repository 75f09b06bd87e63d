// The arithmetic of ops/rows/pointwise.h for one row (or one strip of columns), per instruction set.
#pragma once

#include <cstdint>

#include "tensor/matrix.h"

namespace deepscaler {

struct PointwiseKernels {
  // Returns 1 / sqrt(mean(x^2) + eps).
  float (*inverse_rms)(const float* x, int64_t width, float eps);
  void (*rms_norm_row)(const float* x, const float* weight, float inverse_rms, int64_t width, float* y);
  void (*layer_norm_row)(const float* x, const float* weight, const float* bias, float eps, int64_t width,
                         float* y);
  void (*rms_norm_backward_row)(const float* x, const float* weight, float inverse_rms, const float* dy,
                                int64_t width, float* dx);
  // gradient[c] += sum over rows of dy * x * inverse_rms, for the columns [first, first + count).
  void (*rms_norm_weight_strip)(ConstMatrixView x, ConstMatrixView dy, const float* inverse_rms,
                                int64_t first, int64_t count, float* gradient);
  void (*rope_head)(float* head, const float* cos, const float* sin, float sign, int64_t half);
  struct GatedLinear {
    void (*row)(const float* gate, const float* up, int64_t width, float* out);
    void (*backward_row)(float* gate, float* up, float* dout, int64_t width);
  };
  GatedLinear gated_linear[4];                                         // by Activation
  void (*activation_row[4])(const float* x, int64_t width, float* y);  // by Activation
  void (*column_sum_strip)(ConstMatrixView dy, int64_t first, int64_t count, float* gradient);
};

[[nodiscard]] const PointwiseKernels& pointwise_kernels();

}  // namespace deepscaler
