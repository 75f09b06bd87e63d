#include "ops/bf16_matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/parallel.h"
#include "ops/kernel_target_test.h"
#include "tensor/dtype.h"

namespace deepscaler {
namespace {

struct Weight {
  explicit Weight(const Matrix& rows) : out(rows.rows()), in(rows.cols()), pairs(bf16_panel_size(out, in)) {
    Buffer<float> panels(panel_size(out, in));
    pack_panels(rows.view(), {panels.data(), out, in});
    pack_bf16_panels({panels.data(), out, in}, pairs.data());
  }
  [[nodiscard]] Bf16PanelView view() const { return {pairs.data(), out, in}; }
  int64_t out, in;
  Buffer<float> pairs;
};

struct Shape {
  int64_t tokens, out, in;
};

// Odd sizes around the tile (8 rows, 3 panels of 16) and the depth block (256 pairs).
const std::vector<Shape> kShapes = {{1, 1, 2},    {1, 16, 16},   {3, 17, 6},    {7, 48, 34},  {8, 49, 512},
                                    {9, 64, 514}, {13, 100, 48}, {64, 300, 64}, {65, 31, 530}};

class Bf16MatmulTest : public KernelTargetTest {};

DEEPSCALER_ON_ALL_KERNEL_TARGETS(Bf16MatmulTest);

// The scalar twin in double: what exact sums of the rounded factors give, and their terms' sizes.
TEST_P(Bf16MatmulTest, SumsProductsOfRoundedFactors) {
  for (const auto& [tokens, out, in] : kShapes) {
    const Matrix x = random_matrix(tokens, in, 1), w = random_matrix(out, in, 2);
    Matrix y(tokens, out);
    matmul_bf16(x.view(), Weight(w).view(), y.view());
    for (int64_t t = 0; t < tokens; ++t) {
      for (int64_t o = 0; o < out; ++o) {
        double sum = 0, magnitude = 0;
        for (int64_t i = 0; i < in; ++i) {
          const double term = static_cast<double>(bf16_to_f32(f32_to_bf16(x.view().row(t)[i]))) *
                              bf16_to_f32(f32_to_bf16(w.view().row(o)[i]));
          sum += term;
          magnitude += std::abs(term);
        }
        ASSERT_NEAR(y.view().row(t)[o], sum, 1e-7 * static_cast<double>(in) * magnitude) << t << " " << o;
      }
    }
  }
}

// 65 rows take another way than one, and more inputs than a block of the depth has.
TEST_P(Bf16MatmulTest, ARowHasTheSameBitsAloneAndTogetherOnAnyThreads) {
  const int64_t rows = 65, out = 100, in = 1090;
  const Matrix x = random_matrix(rows, in, 3), w = random_matrix(out, in, 4);
  const Weight weight(w);
  for (const Accumulate accumulate : {Accumulate::kNo, Accumulate::kYes}) {
    const Matrix before = random_matrix(rows, out, 5);
    Matrix together(rows, out);
    std::copy_n(before.data(), before.size(), together.data());
    set_thread_count(2);
    matmul_bf16(x.view(), weight.view(), together.view(), accumulate);
    set_thread_count(1);
    for (int64_t t = 0; t < rows; ++t) {
      Matrix alone(1, out);
      std::copy_n(before.view().row(t), out, alone.data());
      matmul_bf16({x.view().row(t), 1, in}, weight.view(), alone.view(), accumulate);
      ASSERT_EQ(std::memcmp(alone.data(), together.view().row(t), out * sizeof(float)), 0) << t;
    }
  }
}

TEST_P(Bf16MatmulTest, GoesOnFromWhatIsThere) {
  for (const int64_t rows : {5, 65}) {
    const Matrix x = random_matrix(rows, 32, 5), w = random_matrix(20, 32, 6);
    const Weight weight(w);
    Matrix from_zero(rows, 20), from_one(rows, 20);
    std::fill_n(from_one.data(), from_one.size(), 1.0f);
    matmul_bf16(x.view(), weight.view(), from_zero.view());
    matmul_bf16(x.view(), weight.view(), from_one.view(), Accumulate::kYes);
    for (int64_t i = 0; i < from_one.size(); ++i)
      ASSERT_NEAR(from_one.data()[i], from_zero.data()[i] + 1, 1e-4);
  }
}

// A NaN must not turn into a number when it is rounded: a diverged model would go unnoticed.
TEST_P(Bf16MatmulTest, KeepsNaN) {
  Matrix x(1, 2), w(1, 2), y(1, 1);
  w.data()[0] = 1;
  x.data()[0] = std::bit_cast<float>(0x7fffffffu);
  matmul_bf16(x.view(), Weight(w).view(), y.view());
  EXPECT_TRUE(std::isnan(y.data()[0]));
}

}  // namespace
}  // namespace deepscaler
