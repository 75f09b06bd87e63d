#include "ops/rows/pointwise_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rows/pointwise_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>

#include "ops/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

float inverse_rms(const float* x, int64_t width, float eps) {
  Panel squares = broadcast(0);
  for_each_panel(width, [&](int64_t i, auto load, auto) HWY_ATTR {
    const Panel value = load(x + i, 0);
    squares = fma(value, value, squares);
  });
  return 1.0f / std::sqrt(sum_lanes(squares) / static_cast<float>(width) + eps);
}

void rms_norm_row(const float* x, const float* weight, float inverse_rms, int64_t width, float* y) {
  const Panel scale = broadcast(inverse_rms);
  for_each_panel(width, [&](int64_t i, auto load, auto store)
                            HWY_ATTR { store(load(x + i, 0) * scale * load(weight + i, 0), y + i); });
}

void layer_norm_row(const float* x, const float* weight, const float* bias, float eps, int64_t width,
                    float* y) {
  Panel sum = broadcast(0), squares = broadcast(0);
  for_each_panel(width, [&](int64_t i, auto load, auto) HWY_ATTR { sum = sum + load(x + i, 0); });
  const float mean = sum_lanes(sum) / static_cast<float>(width);
  const Panel center = broadcast(mean);
  for_each_panel(width, [&](int64_t i, auto load, auto) HWY_ATTR {
    const Panel value = load(x + i, mean) - center;
    squares = fma(value, value, squares);
  });
  const float variance = sum_lanes(squares) / static_cast<float>(width);
  const Panel scale = broadcast(1.0f / std::sqrt(variance + eps));
  for_each_panel(width, [&](int64_t i, auto load, auto store) HWY_ATTR {
    store(fma((load(x + i, 0) - center) * scale, load(weight + i, 0), load(bias + i, 0)), y + i);
  });
}

// With r = inverse rms and g = dy * weight: dx = r g - x r^3 mean(g x).
void rms_norm_backward_row(const float* x, const float* weight, float inverse_rms, const float* dy,
                           int64_t width, float* dx) {
  Panel products = broadcast(0);
  for_each_panel(width, [&](int64_t i, auto load, auto) HWY_ATTR {
    products = fma(load(dy + i, 0) * load(weight + i, 0), load(x + i, 0), products);
  });
  const float mean = sum_lanes(products) / static_cast<float>(width);
  const Panel r = broadcast(inverse_rms);
  const Panel along_x = broadcast(-mean * inverse_rms * inverse_rms * inverse_rms);
  for_each_panel(width, [&](int64_t i, auto load, auto store) HWY_ATTR {
    const Panel g = load(dy + i, 0) * load(weight + i, 0);
    store(fma(r, g, fma(along_x, load(x + i, 0), load(dx + i, 0))), dx + i);
  });
}

void rms_norm_weight_strip(ConstMatrixView x, ConstMatrixView dy, const float* inverse_rms, int64_t first,
                           int64_t count, float* gradient) {
  for_each_panel(count, [&](int64_t i, auto load, auto store) HWY_ATTR {
    Panel sum = load(gradient + first + i, 0);
    for (int64_t t = 0; t < x.rows; ++t) {
      const Panel normalized = load(x.row(t) + first + i, 0) * broadcast(inverse_rms[t]);
      sum = fma(load(dy.row(t) + first + i, 0), normalized, sum);
    }
    store(sum, gradient + first + i);
  });
}

void rope_head(float* head, const float* cos, const float* sin, float sign, int64_t half) {
  const Panel direction = broadcast(sign);
  for_each_panel(half, [&](int64_t j, auto load, auto store) HWY_ATTR {
    const Panel c = load(cos + j, 0), s = load(sin + j, 0) * direction;
    const Panel low = load(head + j, 0), high = load(head + half + j, 0);
    store(low * c - high * s, head + j);
    store(high * c + low * s, head + half + j);
  });
}

// 1 / (1 + exp(-x)); the argument is bounded so that exp stays finite.
HWY_INLINE Panel sigmoid(Panel x) {
  return broadcast(1) / (broadcast(1) + exp(min(broadcast(0) - x, broadcast(88))));
}

void swiglu_row(const float* gate, const float* up, int64_t width, float* out) {
  for_each_panel(width, [&](int64_t i, auto load, auto store) HWY_ATTR {
    const Panel g = load(gate + i, 0);
    store(g * sigmoid(g) * load(up + i, 0), out + i);
  });
}

// silu'(g) = s + g s (1 - s) with s = sigmoid(g).
void swiglu_backward_row(float* gate, float* up, float* dout, int64_t width) {
  for_each_panel(width, [&](int64_t i, auto load, auto store) HWY_ATTR {
    const Panel g = load(gate + i, 0), d = load(dout + i, 0), u = load(up + i, 0);
    const Panel s = sigmoid(g);
    store(d * u * fma(g * s, broadcast(1) - s, s), gate + i);
    store(d * g * s, up + i);
    store(g * s * u, dout + i);
  });
}

// An activation and its slope; both go by the input alone.
struct ValueAndSlope {
  Panel value, slope;
};

// x times the normal distribution function P. Where x is negative P is q = erfc(|x| / sqrt(2)) / 2, else 1 -
// q; erfc is Abramowitz and Stegun's 7.1.26, to 1.5e-7. The slope is P plus x times the density.
HWY_INLINE ValueAndSlope gelu(Panel x) {
  const Panel z = abs(x) * broadcast(0.70710678118654752f);
  const Panel t = broadcast(1) / fma(broadcast(0.3275911f), z, broadcast(1));
  Panel polynomial = broadcast(1.061405429f);
  for (const float c : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f}) {
    polynomial = fma(polynomial, t, broadcast(c));
  }
  const Panel bell = exp(max(broadcast(0) - z * z, broadcast(-87)));
  const Panel q = broadcast(0.5f) * polynomial * t * bell;
  const Panel p = if_negative(x, q, broadcast(1) - q);
  return {x * p, fma(x * broadcast(0.39894228040143268f), bell, p)};
}

// x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3): x (1 + tanh(u)) / 2.
HWY_INLINE ValueAndSlope gelu_tanh(Panel x) {
  const Panel square = x * x;
  const Panel twice_u = broadcast(1.5957691216057308f) * x * fma(broadcast(0.044715f), square, broadcast(1));
  const Panel s = sigmoid(twice_u);
  const Panel slope_of_u =
      broadcast(1.5957691216057308f) * fma(broadcast(3 * 0.044715f), square, broadcast(1));
  return {x * s, fma(x * s * (broadcast(1) - s), slope_of_u, s)};
}

HWY_INLINE ValueAndSlope silu(Panel x) {
  const Panel s = sigmoid(x);
  return {x * s, fma(x * s, broadcast(1) - s, s)};
}

HWY_INLINE ValueAndSlope relu(Panel x) {
  const Panel zero = broadcast(0);
  // -x is negative where x is positive, and 0 - 0 is not.
  return {max(x, zero), if_negative(zero - x, broadcast(1), zero)};
}

template <ValueAndSlope (*kActivation)(Panel)>
void gated_row(const float* gate, const float* up, int64_t width, float* out) {
  for_each_panel(width, [&](int64_t i, auto load, auto store) HWY_ATTR {
    store(kActivation(load(gate + i, 0)).value * load(up + i, 0), out + i);
  });
}

template <ValueAndSlope (*kActivation)(Panel)>
void activation_row(const float* x, int64_t width, float* y) {
  for_each_panel(width, [&](int64_t i, auto load, auto store)
                            HWY_ATTR { store(kActivation(load(x + i, 0)).value, y + i); });
}

template <ValueAndSlope (*kActivation)(Panel)>
void gated_backward_row(float* gate, float* up, float* dout, int64_t width) {
  for_each_panel(width, [&](int64_t i, auto load, auto store) HWY_ATTR {
    const Panel d = load(dout + i, 0), u = load(up + i, 0);
    const auto [value, slope] = kActivation(load(gate + i, 0));
    store(d * u * slope, gate + i);
    store(d * value, up + i);
    store(value * u, dout + i);
  });
}

void column_sum_strip(ConstMatrixView dy, int64_t first, int64_t count, float* gradient) {
  for_each_panel(count, [&](int64_t i, auto load, auto store) HWY_ATTR {
    Panel sum = load(gradient + first + i, 0);
    for (int64_t t = 0; t < dy.rows; ++t) sum = sum + load(dy.row(t) + first + i, 0);
    store(sum, gradient + first + i);
  });
}

const PointwiseKernels& pointwise_kernels_of_target() {
  static constexpr PointwiseKernels kernels = {
      .inverse_rms = inverse_rms,
      .rms_norm_row = rms_norm_row,
      .layer_norm_row = layer_norm_row,
      .rms_norm_backward_row = rms_norm_backward_row,
      .rms_norm_weight_strip = rms_norm_weight_strip,
      .rope_head = rope_head,
      .gated_linear = {{swiglu_row, swiglu_backward_row},
                       {gated_row<gelu>, gated_backward_row<gelu>},
                       {gated_row<gelu_tanh>, gated_backward_row<gelu_tanh>},
                       {gated_row<relu>, gated_backward_row<relu>}},
      .activation_row = {activation_row<silu>, activation_row<gelu>, activation_row<gelu_tanh>,
                         activation_row<relu>},
      .column_sum_strip = column_sum_strip,
  };
  return kernels;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(pointwise_kernels_of_target);

const PointwiseKernels& pointwise_kernels() { return HWY_DYNAMIC_DISPATCH(pointwise_kernels_of_target)(); }

}  // namespace deepscaler
#endif
