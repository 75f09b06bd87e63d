// Least-squares fits of small integers ("levels") to a few numbers: the inner loops of quantizing.
//
// The searches and their order of evaluation are those of llama.cpp's reference (ggml-quants.c): every sum
// runs from the first element to the last in f32, products associate to the left, and nothing is fused. So
// levels and scales are the same bits as there. A group whose numbers are all below 1e-15 has scale 0 and
// levels 0.
#pragma once

#include <cstdint>
#include <span>

namespace deepscaler {

inline constexpr int kLargestFit = 32;  // numbers of a fit

// The nearest integer, ties to even, of |value| < 2^22; what the reference makes of others.
[[nodiscard]] int nearest_level(float value);

// The number of the largest magnitude, with its sign; the first of them. +0 where all are zero.
[[nodiscard]] float largest_magnitude(std::span<const float> x);

// x[i] ~ scale * (levels[i] - bound), 0 <= levels[i] < 2 bound, with the least sum of weights[i] * error^2
// over 19 scales. Returns the scale, which may be negative.
float fit_signed(std::span<const float> x, std::span<const float> weights, int bound, uint8_t* levels);

// x[i] ~ scale * levels[i] - minus, 0 <= levels[i] <= top, minus >= 0. The slopes tried are
// (first + step * k + top) / (max - min) for k = 0 ... steps.
struct LineSearch {
  int top;
  float first, step;
  int steps;
};
struct Line {
  float scale;
  float minus;
};
Line fit_line(std::span<const float> x, std::span<const float> weights, const LineSearch& search,
              uint8_t* levels);

// x[i] ~ scale * levels[i] for x[i] >= 0, 0 <= levels[i] <= top: nine scales, then single levels are moved
// while that helps, five rounds at most. Returns the scale.
float fit_positive(std::span<const float> x, std::span<const float> weights, int top, uint8_t* levels);

}  // namespace deepscaler
