// What a transformer does row by row between its matrix products: RMSNorm, rotary positions, gated linear
// units, biases; forward and backward. A row's bits depend on that row alone.
//
// T rows (tokens), D width, F feed-forward width, H heads of d numbers. All f32.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "tensor/matrix.h"

namespace deepscaler {

// y = x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich, 2019). x, y [T, D], where y may be x; weight
// [D]. Copies x into `copy` [T, D], if given.
void rms_norm(ConstMatrixView x, std::span<const float> weight, float eps, MatrixView y,
              MatrixView copy = {});
// dx += the gradient with respect to x; weight_gradient [D] += the gradient with respect to the weight.
void rms_norm_backward(ConstMatrixView x, std::span<const float> weight, float eps, ConstMatrixView dy,
                       MatrixView dx, std::span<float> weight_gradient);

// Angles of the rotary embedding (Su et al., 2021): cos and sin of position * frequency[j].
class RopeTable {
 public:
  // frequency[j] in radians per position, j < d / 2; computed in double. `magnitude` multiplies cos and sin.
  RopeTable(std::span<const double> frequencies, int64_t positions, double magnitude = 1);
  [[nodiscard]] int64_t half() const { return cos_.cols(); }
  [[nodiscard]] int64_t positions() const { return cos_.rows(); }
  [[nodiscard]] const float* cos(int64_t position) const { return cos_.row(position); }
  [[nodiscard]] const float* sin(int64_t position) const { return sin_.row(position); }

 private:
  Matrix cos_, sin_;
};

enum class RopeDirection { kForward, kBackward };

// Rotates every head of every row of each matrix in place, in pairs (j, j + d/2) as Hugging Face models do.
// Backward rotates by the negative angle. Matrices are [T, heads * d] with any number of heads, positions
// [T].
void rope(std::initializer_list<MatrixView> matrices, std::span<const int32_t> positions,
          const RopeTable& table, RopeDirection direction);

// The function of a feed-forward layer's gate:
//   kSilu      x sigmoid(x)
//   kGelu      x times the normal distribution function of x (Hendrycks and Gimpel, 2016)
//   kGeluTanh  kGelu, approximated by a hyperbolic tangent
//   kRelu      max(x, 0)
enum class Activation { kSilu, kGelu, kGeluTanh, kRelu };

// out = activation(gate) * up (Shazeer, 2020). All [T, F]; out may not overlap the inputs.
void gated_linear(Activation activation, ConstMatrixView gate, ConstMatrixView up, MatrixView out);
// gate and up become their gradients, and dout becomes the output with the bits of gated_linear(). In place,
// since memory traffic takes most of the time here.
void gated_linear_backward(Activation activation, MatrixView gate, MatrixView up, MatrixView dout);

// Sets every row of y to the bias [D]. A matmul that accumulates then adds the product.
void broadcast_rows(std::span<const float> bias, MatrixView y);
// bias_gradient [D] += the sum of dy's rows, in ascending order.
void add_column_sums(ConstMatrixView dy, std::span<float> bias_gradient);

}  // namespace deepscaler
