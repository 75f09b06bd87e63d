// AdamW's kernels against the plain loops, to the bit, at lengths that no vector divides.
#include "ops/rows/optimizer_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/kernel_target_test.h"

namespace deepscaler {
namespace {

const std::vector<int64_t> kLengths = {1, 7, 8, 15, 16, 17, 100, 1000};

class OptimizerKernelTest : public KernelTargetTest {};

DEEPSCALER_ON_ALL_KERNEL_TARGETS(OptimizerKernelTest);

TEST_P(OptimizerKernelTest, AnUpdateIsThePlainLoops) {
  const AdamWCoefficients c = {.clip = 0.37f,
                               .beta1 = 0.9f,
                               .beta2 = 0.999f,
                               .keep = 0.9999f,
                               .rate = 3e-4f,
                               .root_scale = 1.7f,
                               .eps = 1e-8f};
  for (const int64_t n : kLengths) {
    const Matrix gradient = random_matrix(1, n, 1);
    Matrix m = random_matrix(1, n, 2), v = random_matrix(1, n, 3), w = random_matrix(1, n, 4);
    for (int64_t i = 0; i < n; ++i) v.data()[i] *= v.data()[i];
    std::vector<float> expected;
    for (int64_t i = 0; i < n; ++i) {
      const float g = gradient.data()[i] * c.clip;
      const float first = c.beta1 * m.data()[i] + (1 - c.beta1) * g;
      const float second = c.beta2 * v.data()[i] + (1 - c.beta2) * g * g;
      expected.insert(expected.end(),
                      {first, second,
                       w.data()[i] * c.keep - c.rate * first / (std::sqrt(second) * c.root_scale + c.eps)});
    }
    optimizer_kernels().adamw(c, gradient.data(), n, m.data(), v.data(), w.data());
    for (int64_t i = 0; i < n; ++i) {
      EXPECT_EQ(m.data()[i], expected[3 * i]) << n << " " << i;
      EXPECT_EQ(v.data()[i], expected[3 * i + 1]) << n << " " << i;
      EXPECT_EQ(w.data()[i], expected[3 * i + 2]) << n << " " << i;
    }
  }
}

TEST_P(OptimizerKernelTest, SquaresAddUpInEightLanes) {
  for (const int64_t n : kLengths) {
    const Matrix x = random_matrix(1, n, 1);
    double lanes[8] = {};
    for (int64_t i = 0; i < n; ++i) lanes[i % 8] += static_cast<double>(x.data()[i]) * x.data()[i];
    double total = 0;
    for (const double lane : lanes) total += lane;
    EXPECT_EQ(optimizer_kernels().sum_of_squares(x.data(), n), total) << n;
  }
}

}  // namespace
}  // namespace deepscaler
