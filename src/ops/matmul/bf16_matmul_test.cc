#include "ops/matmul/bf16_matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
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

bool same_bits(const float* a, const float* b, int64_t count) {
  return std::memcmp(a, b, static_cast<size_t>(count) * sizeof(float)) == 0;
}

double rounded(const float* x) { return bf16_to_f32(f32_to_bf16(*x)); }

// The scalar twin in double: whether y is the sum of `count` products of the rounded a(i) and b(i), with a
// bound from the sizes of its terms.
template <class A, class B>
testing::AssertionResult is_sum(float y, int64_t count, const A& a, const B& b) {
  double sum = 0, magnitude = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double term = rounded(a(i)) * rounded(b(i));
    sum += term;
    magnitude += std::abs(term);
  }
  if (std::abs(y - sum) <= 1e-7 * static_cast<double>(count) * magnitude) return testing::AssertionSuccess();
  return testing::AssertionFailure() << y << " is not " << sum;
}

TEST_P(Bf16MatmulTest, SumsProductsOfRoundedFactors) {
  for (const auto& [tokens, out, in] : kShapes) {
    const Matrix x = random_matrix(tokens, in, 1), w = random_matrix(out, in, 2);
    Matrix y(tokens, out);
    matmul_bf16(x.view(), {{Weight(w).view(), y.view()}});
    for (int64_t t = 0; t < tokens; ++t) {
      for (int64_t o = 0; o < out; ++o) {
        ASSERT_TRUE(is_sum(
            y.row(t)[o], in, [&](int64_t i) { return x.row(t) + i; },
            [&](int64_t i) { return w.row(o) + i; }))
            << t << " " << o;
      }
    }
  }
}

// Depths beyond a block: 1024 pairs of outputs, 512 of tokens.
const std::vector<Shape> kDeepShapes = {{3, 2083, 18}, {1037, 19, 22}};

TEST_P(Bf16MatmulTest, GradientsSumProductsOfRoundedFactors) {
  if (!bf16_is_native()) GTEST_SKIP() << "no bf16 dot product";
  std::vector<Shape> shapes = kShapes;
  shapes.insert(shapes.end(), kDeepShapes.begin(), kDeepShapes.end());
  for (const auto& [tokens, out, in] : shapes) {
    const Matrix x = random_matrix(tokens, in, 1), w = random_matrix(out, in, 2),
                 dy = random_matrix(tokens, out, 3);
    Matrix dx(tokens, in), dw_rows(out, in);
    matmul_bf16_dx({{Weight(w).view(), dy.view()}}, dx.view());
    Buffer<float> dw(panel_size(out, in));
    matmul_bf16_dw({{{dw.data(), out, in}, dy.view()}}, x.view());
    unpack_panels({dw.data(), out, in}, dw_rows.view());
    for (int64_t i = 0; i < in; ++i) {
      for (int64_t t = 0; t < tokens; ++t) {
        ASSERT_TRUE(is_sum(
            dx.row(t)[i], out, [&](int64_t o) { return dy.row(t) + o; },
            [&](int64_t o) { return w.row(o) + i; }))
            << "dx " << t << " " << i;
      }
      for (int64_t o = 0; o < out; ++o) {
        ASSERT_TRUE(is_sum(
            dw_rows.row(o)[i], tokens, [&](int64_t t) { return dy.row(t) + o; },
            [&](int64_t t) { return x.row(t) + i; }))
            << "dw " << o << " " << i;
      }
    }
  }
}

// On any threads to the bit; those of a weight add to what is there, as several micro-batches do.
TEST_P(Bf16MatmulTest, GradientsOnAnyThreadsAndAdded) {
  if (!bf16_is_native()) GTEST_SKIP() << "no bf16 dot product";
  const int64_t tokens = 65, out = 100, in = 70;
  const Matrix x = random_matrix(tokens, in, 1), w = random_matrix(out, in, 2),
               dy = random_matrix(tokens, out, 3);
  const Weight weight(w);
  std::vector<Matrix> all_dx;
  std::vector<Buffer<float>> all_dw;
  for (const int threads : {1, 2}) {
    set_thread_count(threads);
    Matrix dx(tokens, in);
    matmul_bf16_dx({{weight.view(), dy.view()}}, dx.view());
    Buffer<float> dw_once(panel_size(out, in)), dw(panel_size(out, in));
    matmul_bf16_dw({{{dw_once.data(), out, in}, dy.view()}}, x.view());
    for (int i = 0; i < 2; ++i) matmul_bf16_dw({{{dw.data(), out, in}, dy.view()}}, x.view());
    for (int64_t i = 0; i < dw.size(); ++i) ASSERT_NEAR(dw[i], 2 * dw_once[i], 1e-4);
    all_dx.push_back(std::move(dx));
    all_dw.push_back(std::move(dw));
  }
  EXPECT_TRUE(same_bits(all_dx[0].data(), all_dx[1].data(), all_dx[0].size()));
  EXPECT_TRUE(same_bits(all_dw[0].data(), all_dw[1].data(), all_dw[0].size()));
}

// Tasks reach over the end of a projection.
TEST_P(Bf16MatmulTest, ProjectionsTogetherHaveTheBitsOfEachAlone) {
  const int64_t tokens = 33, in = 90;
  const Matrix x = random_matrix(tokens, in, 1);
  std::vector<Weight> weights;
  std::vector<Matrix> y, dy;
  std::vector<Buffer<float>> dw;
  for (const int64_t out : {1000, 17, 333}) {
    weights.emplace_back(random_matrix(out, in, 2 + out));
    y.emplace_back(tokens, out);
    dy.push_back(random_matrix(tokens, out, 3 + out));
    dw.emplace_back(panel_size(out, in));
  }
  std::vector<Projection<Bf16PanelView, MatrixView>> forward;
  std::vector<Projection<Bf16PanelView, ConstMatrixView>> of_dx;
  std::vector<Projection<PanelView, ConstMatrixView>> of_dw;
  for (size_t i = 0; i < weights.size(); ++i) {
    forward.push_back({weights[i].view(), y[i].view()});
    of_dx.push_back({weights[i].view(), dy[i].view()});
    of_dw.push_back({{dw[i].data(), weights[i].out, in}, dy[i].view()});
  }
  set_thread_count(2);
  matmul_bf16(x.view(), forward);
  for (size_t i = 0; i < weights.size(); ++i) {
    Matrix alone(tokens, weights[i].out);
    matmul_bf16(x.view(), {{weights[i].view(), alone.view()}});
    EXPECT_TRUE(same_bits(y[i].data(), alone.data(), alone.size())) << i;
  }
  if (!bf16_is_native()) return;

  Matrix dx(tokens, in), dx_alone(tokens, in), dx_in_turn(tokens, in);
  std::fill_n(dx_in_turn.data(), dx_in_turn.size(), 0.0f);
  matmul_bf16_dx(of_dx, dx.view());
  matmul_bf16_dw(of_dw, x.view());
  for (size_t i = 0; i < weights.size(); ++i) {
    matmul_bf16_dx({of_dx[i]}, dx_alone.view());
    for (int64_t k = 0; k < dx.size(); ++k) dx_in_turn.data()[k] += dx_alone.data()[k];
    Buffer<float> alone(dw[i].size());
    matmul_bf16_dw({{{alone.data(), weights[i].out, in}, dy[i].view()}}, x.view());
    EXPECT_TRUE(same_bits(dw[i].data(), alone.data(), alone.size())) << i;
  }
  for (int64_t k = 0; k < dx.size(); ++k) ASSERT_NEAR(dx.data()[k], dx_in_turn.data()[k], 1e-3);
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
    matmul_bf16(x.view(), {{weight.view(), together.view()}}, accumulate);
    set_thread_count(1);
    for (int64_t t = 0; t < rows; ++t) {
      Matrix alone(1, out);
      std::copy_n(before.view().row(t), out, alone.data());
      matmul_bf16({x.view().row(t), 1, in}, {{weight.view(), alone.view()}}, accumulate);
      ASSERT_TRUE(same_bits(alone.data(), together.view().row(t), out)) << t;
    }
  }
}

TEST_P(Bf16MatmulTest, GoesOnFromWhatIsThere) {
  for (const int64_t rows : {5, 65}) {
    const Matrix x = random_matrix(rows, 32, 5), w = random_matrix(20, 32, 6);
    const Weight weight(w);
    Matrix from_zero(rows, 20), from_one(rows, 20);
    std::fill_n(from_one.data(), from_one.size(), 1.0f);
    matmul_bf16(x.view(), {{weight.view(), from_zero.view()}});
    matmul_bf16(x.view(), {{weight.view(), from_one.view()}}, Accumulate::kYes);
    for (int64_t i = 0; i < from_one.size(); ++i)
      ASSERT_NEAR(from_one.data()[i], from_zero.data()[i] + 1, 1e-4);
  }
}

// A NaN must not turn into a number when it is rounded: a diverged model would go unnoticed.
TEST_P(Bf16MatmulTest, KeepsNaN) {
  Matrix x(1, 2), w(1, 2), y(1, 1);
  w.data()[0] = 1;
  x.data()[0] = std::bit_cast<float>(0x7fffffffu);
  matmul_bf16(x.view(), {{Weight(w).view(), y.view()}});
  EXPECT_TRUE(std::isnan(y.data()[0]));
}

}  // namespace
}  // namespace deepscaler
