// Row by row functions against twins in double precision over odd sizes; gradients by the twins' central
// differences.
#include "ops/rows/pointwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "ops/kernel_target_test.h"

namespace deepscaler {
namespace {

std::span<const float> row_of(const Matrix& m) { return {m.data(), static_cast<size_t>(m.cols())}; }

// The change of sum(f(x) * weights) with x[i].
double difference(const std::function<Doubles(const Doubles&)>& f, Doubles x, size_t i,
                  const Matrix& weights) {
  constexpr double kStep = 1e-5;
  const auto value = [&] {
    const Doubles y = f(x);
    double sum = 0;
    for (size_t j = 0; j < y.size(); ++j) sum += y[j] * weights.data()[j];
    return sum;
  };
  const double before = x[i];
  x[i] = before + kStep;
  const double above = value();
  x[i] = before - kStep;
  return (above - value()) / (2 * kStep);
}

constexpr float kEps = 1e-5f;
const std::vector<int64_t> kWidths = {1, 2, 15, 16, 17, 33, 64, 95};

Doubles rms_norm_twin(const Doubles& x, const Doubles& weight) {
  const size_t width = weight.size();
  Doubles y(x.size());
  for (size_t first = 0; first < x.size(); first += width) {
    double squares = 0;
    for (size_t i = 0; i < width; ++i) squares += x[first + i] * x[first + i];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + static_cast<double>(kEps));
    for (size_t i = 0; i < width; ++i) y[first + i] = x[first + i] * scale * weight[i];
  }
  return y;
}

double activation_twin(Activation activation, double x) {
  switch (activation) {
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kGelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case Activation::kRelu:
      return std::max(x, 0.0);
  }
  return 0;
}

Doubles gated_linear_twin(Activation activation, const Doubles& gate, const Doubles& up) {
  Doubles y(gate.size());
  for (size_t i = 0; i < y.size(); ++i) y[i] = activation_twin(activation, gate[i]) * up[i];
  return y;
}

Doubles rope_twin(const Doubles& x, int64_t cols, const std::vector<int32_t>& positions,
                  const Doubles& frequencies) {
  const auto half = static_cast<int64_t>(frequencies.size());
  Doubles y = x;
  for (size_t t = 0; t < positions.size(); ++t) {
    for (int64_t head = 0; head < cols; head += 2 * half) {
      for (int64_t j = 0; j < half; ++j) {
        const double angle = positions[t] * frequencies[j];
        const size_t a = t * cols + head + j, b = a + half;
        y[a] = x[a] * std::cos(angle) - x[b] * std::sin(angle);
        y[b] = x[b] * std::cos(angle) + x[a] * std::sin(angle);
      }
    }
  }
  return y;
}

class PointwiseTest : public KernelTargetTest {};

DEEPSCALER_ON_ALL_KERNEL_TARGETS(PointwiseTest);

TEST_P(PointwiseTest, RmsNormAndItsGradients) {
  for (int64_t width : kWidths) {
    const int64_t rows = 3;
    const Matrix x = random_matrix(rows, width, 1), weight = random_matrix(1, width, 2),
                 dy = random_matrix(rows, width, 3), dx_before = random_matrix(rows, width, 4);
    Matrix y(rows, width), dx = random_matrix(rows, width, 4);
    rms_norm(x.view(), row_of(weight), kEps, y.view());
    Matrix in_place = random_matrix(rows, width, 1), copy(rows, width);
    rms_norm(in_place.view(), row_of(weight), kEps, in_place.view(), copy.view());
    ASSERT_EQ(doubles(in_place), doubles(y));
    ASSERT_EQ(doubles(copy), doubles(x));
    const Doubles expected = rms_norm_twin(doubles(x), doubles(weight));
    for (int64_t i = 0; i < y.size(); ++i) {
      ASSERT_NEAR(y.data()[i], expected[i], 2e-6 * (1 + std::abs(expected[i]))) << width << " at " << i;
    }
    std::vector<float> dweight(static_cast<size_t>(width), 0.5f);
    rms_norm_backward(x.view(), row_of(weight), kEps, dy.view(), dx.view(), dweight);
    for (size_t i = 0; i < expected.size(); ++i) {
      const double slope =
          difference([&](const Doubles& v) { return rms_norm_twin(v, doubles(weight)); }, doubles(x), i, dy);
      ASSERT_NEAR(dx.data()[i] - dx_before.data()[i], slope, 2e-5 * (1 + std::abs(slope)))
          << width << " " << i;
    }
    for (size_t i = 0; i < dweight.size(); ++i) {
      const double slope =
          difference([&](const Doubles& w) { return rms_norm_twin(doubles(x), w); }, doubles(weight), i, dy);
      ASSERT_NEAR(dweight[i] - 0.5f, slope, 2e-5 * (1 + std::abs(slope))) << width << " weight " << i;
    }
  }
}

constexpr Activation kActivations[] = {Activation::kSilu, Activation::kGelu, Activation::kGeluTanh,
                                       Activation::kRelu};

TEST_P(PointwiseTest, GatedLinearUnitsAndTheirGradients) {
  const auto check = [&](Activation activation, int64_t width) {
    const int64_t rows = 2;
    Matrix gate = random_matrix(rows, width, 1), dgate = random_matrix(rows, width, 1);
    // Far out, where an exponential of the wrong sign would overflow.
    gate.data()[0] = dgate.data()[0] = 95;
    gate.data()[gate.size() - 1] = dgate.data()[gate.size() - 1] = -95;
    const Matrix up = random_matrix(rows, width, 2), dy = random_matrix(rows, width, 3);
    Matrix dup = random_matrix(rows, width, 2), y_again = random_matrix(rows, width, 3), y(rows, width);
    gated_linear(activation, gate.view(), up.view(), y.view());
    gated_linear_backward(activation, dgate.view(), dup.view(), y_again.view());
    const Doubles expected = gated_linear_twin(activation, doubles(gate), doubles(up));
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(y.data()[i], expected[i], 2e-6 * (1 + std::abs(expected[i]))) << width << " at " << i;
      ASSERT_EQ(y_again.data()[i], y.data()[i]) << width << " at " << i;
      const double gate_slope =
          difference([&](const Doubles& g) { return gated_linear_twin(activation, g, doubles(up)); },
                     doubles(gate), i, dy);
      const double up_slope =
          difference([&](const Doubles& u) { return gated_linear_twin(activation, doubles(gate), u); },
                     doubles(up), i, dy);
      ASSERT_NEAR(dgate.data()[i], gate_slope, 2e-5 * (1 + std::abs(gate_slope))) << width << " gate " << i;
      ASSERT_NEAR(dup.data()[i], up_slope, 2e-5 * (1 + std::abs(up_slope))) << width << " up " << i;
    }
  };
  for (Activation activation : kActivations) {
    for (int64_t width : kWidths) check(activation, width);
  }
}

// Over the whole range where the function bends, and at 0, where relu's slope is none.
TEST_P(PointwiseTest, ActivationsAreAccurateEverywhere) {
  constexpr int64_t kCount = 4001;
  for (Activation activation : kActivations) {
    Matrix gate(1, kCount), up(1, kCount), y(1, kCount);
    for (int64_t i = 0; i < kCount; ++i) {
      gate.data()[i] = static_cast<float>(i - kCount / 2) / 200;
      up.data()[i] = 1;
    }
    gated_linear(activation, gate.view(), up.view(), y.view());
    for (int64_t i = 0; i < kCount; ++i) {
      const double expected = activation_twin(activation, gate.data()[i]);
      ASSERT_NEAR(y.data()[i], expected, 4e-7 * (1 + std::abs(expected))) << gate.data()[i];
    }
    Matrix at_zero(1, 1), one(1, 1), dout(1, 1);
    at_zero.data()[0] = 0;
    one.data()[0] = dout.data()[0] = 1;
    gated_linear_backward(activation, at_zero.view(), one.view(), dout.view());
    EXPECT_EQ(at_zero.data()[0], activation == Activation::kRelu ? 0 : 0.5f);
  }
}

TEST_P(PointwiseTest, RopeAndItsGradient) {
  for (int64_t half : {1, 5, 8, 16, 20, 32}) {
    Doubles frequencies;
    for (int64_t j = 0; j < half; ++j) frequencies.push_back(std::pow(100.0, -static_cast<double>(j) / half));
    const RopeTable table(frequencies, 300);
    const std::vector<int32_t> positions = {0, 1, 17, 299};
    const int64_t cols = 3 * 2 * half;
    const Matrix x = random_matrix(4, cols, 1), dy = random_matrix(4, cols, 2);
    Matrix y = random_matrix(4, cols, 1), dx = random_matrix(4, cols, 2);
    Matrix beside = random_matrix(4, 2 * half, 3);  // other heads of the same rows
    const Doubles expected_beside = rope_twin(doubles(beside), 2 * half, positions, frequencies);
    rope({y.view(), beside.view()}, positions, table, RopeDirection::kForward);
    for (size_t i = 0; i < expected_beside.size(); ++i) {
      ASSERT_NEAR(beside.data()[i], expected_beside[i], 2e-6) << half << " at " << i;
    }
    rope({dx.view()}, positions, table, RopeDirection::kBackward);
    const auto twin = [&](const Doubles& v) { return rope_twin(v, cols, positions, frequencies); };
    const Doubles expected = twin(doubles(x));
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(y.data()[i], expected[i], 2e-6) << half << " at " << i;
      ASSERT_NEAR(dx.data()[i], difference(twin, doubles(x), i, dy), 1e-5) << half << " gradient " << i;
    }
  }
}

}  // namespace
}  // namespace deepscaler
