#include "ops/rows/encoder_rows.h"

#include "base/error.h"
#include "base/parallel.h"
#include "ops/rows/pointwise_kernel.h"

namespace deepscaler {

void layer_norm(ConstMatrixView x, std::span<const float> weight, std::span<const float> bias, float eps,
                MatrixView y) {
  DEEPSCALER_CHECK(x.rows == y.rows && x.cols == y.cols && x.cols == std::ssize(weight) &&
                   x.cols == std::ssize(bias));
  const auto& row = pointwise_kernels().layer_norm_row;
  parallel_for(x.rows, [&](int64_t t) { row(x.row(t), weight.data(), bias.data(), eps, x.cols, y.row(t)); });
}

void activate(Activation activation, ConstMatrixView x, MatrixView y) {
  DEEPSCALER_CHECK(x.rows == y.rows && x.cols == y.cols);
  const auto& row = pointwise_kernels().activation_row[static_cast<size_t>(activation)];
  parallel_for(x.rows, [&](int64_t t) { row(x.row(t), x.cols, y.row(t)); });
}

}  // namespace deepscaler
