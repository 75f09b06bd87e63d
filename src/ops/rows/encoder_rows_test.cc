#include "ops/rows/encoder_rows.h"

#include <cmath>
#include <numbers>

#include "ops/kernel_target_test.h"

namespace deepscaler {
namespace {

constexpr float kEps = 1e-5f;

std::span<const float> row_of(const Matrix& m) { return {m.data(), static_cast<size_t>(m.cols())}; }

double activation_twin(Activation activation, double x) {
  switch (activation) {
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kGelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case Activation::kRelu:
      return x > 0 ? x : 0;
  }
  return 0;
}

class EncoderRows : public KernelTargetTest {};
DEEPSCALER_ON_ALL_KERNEL_TARGETS(EncoderRows);

TEST_P(EncoderRows, AsTheirTwins) {
  for (const int64_t width : {1, 2, 15, 16, 17, 33, 64, 95}) {
    Matrix x = random_matrix(3, width, 1);
    const Matrix weight = random_matrix(1, width, 2), bias = random_matrix(1, width, 3);
    for (int64_t i = 0; i < width; ++i) x.row(1)[i] += 100;  // a mean far from the spread
    Doubles expected;
    for (int64_t t = 0; t < x.rows(); ++t) {
      double mean = 0, variance = 0;
      for (int64_t i = 0; i < width; ++i)
        mean += static_cast<double>(x.row(t)[i]) / static_cast<double>(width);
      for (int64_t i = 0; i < width; ++i)
        variance += std::pow(static_cast<double>(x.row(t)[i]) - mean, 2) / static_cast<double>(width);
      const double scale = 1 / std::sqrt(variance + static_cast<double>(kEps));
      for (int64_t i = 0; i < width; ++i) {
        expected.push_back((static_cast<double>(x.row(t)[i]) - mean) * scale *
                               static_cast<double>(weight.data()[i]) +
                           static_cast<double>(bias.data()[i]));
      }
    }
    Matrix y(3, width);
    for (const Activation activation :
         {Activation::kSilu, Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
      activate(activation, x.view(), y.view());
      for (int64_t i = 0; i < x.size(); ++i) {
        const double value = activation_twin(activation, static_cast<double>(x.data()[i]));
        ASSERT_NEAR(y.data()[i], value, 4e-7 * (1 + std::abs(value))) << width << " at " << i;
      }
    }
    layer_norm(x.view(), row_of(weight), row_of(bias), kEps, x.view());
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(x.data()[i], expected[i], 2e-5 * (1 + std::abs(expected[i]))) << width << " at " << i;
  }
}

}  // namespace
}  // namespace deepscaler
