#include "ops/rows/pointwise.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "ops/rows/pointwise_kernel.h"

namespace deepscaler {
namespace {

// Rows of a task: enough to pay for handing it out, whatever the width.
constexpr int64_t kRowsPerTask = 16;
// Columns of a task that sums over rows: four cache lines.
constexpr int64_t kColumnsPerTask = 64;

template <class Row>
void for_each_row(int64_t rows, const Row& row) {
  parallel_for(ceil_div(rows, kRowsPerTask), [&](int64_t task) {
    const int64_t end = std::min(rows, (task + 1) * kRowsPerTask);
    for (int64_t t = task * kRowsPerTask; t < end; ++t) row(t);
  });
}

template <class Strip>
void for_each_strip(int64_t columns, const Strip& strip) {
  parallel_for(ceil_div(columns, kColumnsPerTask), [&](int64_t task) {
    const int64_t first = task * kColumnsPerTask;
    strip(first, std::min(kColumnsPerTask, columns - first));
  });
}

}  // namespace

void rms_norm(ConstMatrixView x, std::span<const float> weight, float eps, MatrixView y, MatrixView copy) {
  DEEPSCALER_CHECK(x.rows == y.rows && x.cols == y.cols && x.cols == std::ssize(weight));
  DEEPSCALER_CHECK(copy.data == nullptr || (copy.rows == x.rows && copy.cols == x.cols));
  const PointwiseKernels& kernels = pointwise_kernels();
  for_each_row(x.rows, [&](int64_t t) {
    if (copy.data != nullptr) std::copy_n(x.row(t), x.cols, copy.row(t));
    const float scale = kernels.inverse_rms(x.row(t), x.cols, eps);
    kernels.rms_norm_row(x.row(t), weight.data(), scale, x.cols, y.row(t));
  });
}

void rms_norm_backward(ConstMatrixView x, std::span<const float> weight, float eps, ConstMatrixView dy,
                       MatrixView dx, std::span<float> weight_gradient) {
  DEEPSCALER_CHECK(x.rows == dx.rows && x.cols == dx.cols && x.cols == std::ssize(weight));
  const PointwiseKernels& kernels = pointwise_kernels();
  std::vector<float> scales(static_cast<size_t>(x.rows));
  for_each_row(x.rows, [&](int64_t t) {
    scales[t] = kernels.inverse_rms(x.row(t), x.cols, eps);
    kernels.rms_norm_backward_row(x.row(t), weight.data(), scales[t], dy.row(t), x.cols, dx.row(t));
  });
  if (weight_gradient.empty()) return;
  for_each_strip(x.cols, [&](int64_t first, int64_t count) {
    kernels.rms_norm_weight_strip(x, dy, scales.data(), first, count, weight_gradient.data());
  });
}

RopeTable::RopeTable(std::span<const double> frequencies, int64_t positions, double magnitude)
    : cos_(positions, std::ssize(frequencies)), sin_(positions, std::ssize(frequencies)) {
  for_each_row(positions, [&](int64_t p) {
    for (size_t j = 0; j < frequencies.size(); ++j) {
      cos_.row(p)[j] = static_cast<float>(magnitude * std::cos(static_cast<double>(p) * frequencies[j]));
      sin_.row(p)[j] = static_cast<float>(magnitude * std::sin(static_cast<double>(p) * frequencies[j]));
    }
  });
}

void rope(std::initializer_list<MatrixView> matrices, std::span<const int32_t> positions,
          const RopeTable& table, RopeDirection direction) {
  const int64_t half = table.half();
  for (const MatrixView& x : matrices) {
    DEEPSCALER_CHECK(x.rows == std::ssize(positions) && x.cols % (2 * half) == 0);
  }
  const PointwiseKernels& kernels = pointwise_kernels();
  const float sign = direction == RopeDirection::kForward ? 1.0f : -1.0f;
  for_each_row(std::ssize(positions), [&](int64_t t) {
    for (const MatrixView& x : matrices) {
      for (float* head = x.row(t); head < x.row(t) + x.cols; head += 2 * half) {
        kernels.rope_head(head, table.cos(positions[t]), table.sin(positions[t]), sign, half);
      }
    }
  });
}

void gated_linear(Activation activation, ConstMatrixView gate, ConstMatrixView up, MatrixView out) {
  DEEPSCALER_CHECK(gate.rows == out.rows && gate.cols == out.cols);
  const auto& row = pointwise_kernels().gated_linear[static_cast<size_t>(activation)].row;
  for_each_row(gate.rows, [&](int64_t t) { row(gate.row(t), up.row(t), gate.cols, out.row(t)); });
}

void gated_linear_backward(Activation activation, MatrixView gate, MatrixView up, MatrixView dout) {
  DEEPSCALER_CHECK(gate.rows == dout.rows && gate.cols == dout.cols);
  const auto& backward_row = pointwise_kernels().gated_linear[static_cast<size_t>(activation)].backward_row;
  for_each_row(gate.rows, [&](int64_t t) { backward_row(gate.row(t), up.row(t), dout.row(t), gate.cols); });
}

void broadcast_rows(std::span<const float> bias, MatrixView y) {
  for_each_row(y.rows, [&](int64_t t) { std::ranges::copy(bias, y.row(t)); });
}

void add_column_sums(ConstMatrixView dy, std::span<float> bias_gradient) {
  const PointwiseKernels& kernels = pointwise_kernels();
  for_each_strip(dy.cols, [&](int64_t first, int64_t count) {
    kernels.column_sum_strip(dy, first, count, bias_gradient.data());
  });
}

}  // namespace deepscaler
