#include "ops/matmul/matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "ops/kernel_target_test.h"
#include "ops/matmul/tile_kernel.h"

namespace deepscaler {
namespace {

struct Panels {
  explicit Panels(const Matrix& rows) : Panels(rows.rows(), rows.cols()) { pack_panels(rows.view(), view()); }
  Panels(int64_t out, int64_t in) : out(out), in(in), data(panel_size(out, in)) {}
  [[nodiscard]] PanelView view() { return {data.data(), out, in}; }
  int64_t out, in;
  Buffer<float> data;
};

bool same_bits(const float* a, const float* b, int64_t count) {
  return std::memcmp(a, b, static_cast<size_t>(count) * sizeof(float)) == 0;
}

struct Shape {
  int64_t tokens, out, in;
};

// Odd sizes around the tile (8 rows, 3 panels of 16), the chain (64), the depth blocks (1024; 512 in dW) and
// blocks of rows (96 and 1024; 640 inputs in dW).
const std::vector<Shape> kShapes = {{1, 1, 1},     {1, 16, 16},   {3, 17, 5},     {7, 48, 33},
                                    {8, 49, 256},  {9, 64, 257},  {13, 100, 48},  {64, 300, 64},
                                    {65, 31, 513}, {530, 40, 24}, {1030, 18, 17}, {20, 33, 700},
                                    {9, 21, 1025}, {97, 1041, 18}};

class MatmulTest : public KernelTargetTest {};

DEEPSCALER_ON_ALL_KERNEL_TARGETS(MatmulTest);

// The scalar twin: the same chains of FMAs, written down plainly, and the sum of their terms' sizes.
struct Chains {
  float value;
  float magnitude;
};
Chains chains(Chains start, int64_t depth, auto a, auto b) {
  for (int64_t first = 0; first < depth; first += kChainLength) {
    float chain = 0;
    for (int64_t i = first; i < std::min(depth, first + kChainLength); ++i) {
      chain = std::fma(a(i), b(i), chain);
      start.magnitude += std::abs(a(i) * b(i));
    }
    start.value += chain;
  }
  return start;
}

// Equal bits where the target has FMA. The baseline of x86-64 rounds twice a step, each time by half
// a unit in the last place of a partial sum at most.
bool agrees(float value, Chains expected, int64_t depth) {
  if (kernel_target() != "baseline") return value == expected.value;
  return std::abs(value - expected.value) <=
         static_cast<float>(2 * depth) * std::numeric_limits<float>::epsilon() * expected.magnitude;
}

TEST_P(MatmulTest, EveryProductIsTheScalarTwin) {
  for (const auto& [tokens, out, in] : kShapes) {
    const Matrix x = random_matrix(tokens, in, 1), w = random_matrix(out, in, 2),
                 dy = random_matrix(tokens, out, 3);
    Panels panels(w);
    Matrix y(tokens, out), dx(tokens, in);
    matmul(x.view(), {{panels.view(), y.view()}});
    matmul_dx({{panels.view(), dy.view()}}, dx.view());
    Panels dw(out, in);
    matmul_dw({{dw.view(), dy.view()}}, x.view());
    matmul_dw({{dw.view(), dy.view()}}, x.view());
    Matrix dw_rows(out, in);
    unpack_panels(dw.view(), dw_rows.view());

    for (int64_t t = 0; t < tokens; ++t) {
      for (int64_t o = 0; o < out; ++o) {
        const Chains expected = chains(
            {}, in, [&](int64_t i) { return x.row(t)[i]; }, [&](int64_t i) { return w.row(o)[i]; });
        ASSERT_TRUE(agrees(y.row(t)[o], expected, in))
            << tokens << "x" << out << "x" << in << " at " << t << "," << o;
      }
      for (int64_t i = 0; i < in; ++i) {
        const Chains expected = chains(
            {}, out, [&](int64_t o) { return dy.row(t)[o]; }, [&](int64_t o) { return w.row(o)[i]; });
        ASSERT_TRUE(agrees(dx.row(t)[i], expected, out)) << "dx " << t << "," << i;
      }
    }
    for (int64_t o = 0; o < out; ++o) {
      for (int64_t i = 0; i < in; ++i) {
        const auto dy_at = [&](int64_t t) { return dy.row(t)[o]; };
        const auto x_at = [&](int64_t t) { return x.row(t)[i]; };
        const Chains expected = chains(chains({}, tokens, x_at, dy_at), tokens, x_at, dy_at);
        ASSERT_TRUE(agrees(dw_rows.row(o)[i], expected, 2 * tokens)) << "dw " << o << "," << i;
      }
    }
    for (int64_t o = out; o < panel_size(out, 1); ++o) {
      for (int64_t i = 0; i < in; ++i) ASSERT_EQ(dw.data[panel_offset(in, o, i)], 0.0f) << "padding";
    }
  }
}

TEST_P(MatmulTest, ARowHasTheSameBitsInAnyBatchAndOnAnyNumberOfThreads) {
  const Matrix x = random_matrix(67, 300, 1), w = random_matrix(200, 300, 2);
  Panels panels(w);
  Matrix all(67, 200);
  set_thread_count(2);
  matmul(x.view(), {{panels.view(), all.view()}});
  set_thread_count(1);
  for (int64_t rows : {1, 2, 5, 8, 16, 33}) {
    for (int64_t first = 0; first + rows <= 67; first += rows) {
      Matrix some(rows, 200);
      matmul(x.view().middle_rows(first, rows), {{panels.view(), some.view()}});
      ASSERT_TRUE(same_bits(some.data(), all.row(first), some.size())) << rows << " rows from " << first;
    }
  }
}

// Tasks reach over the end of a projection.
TEST_P(MatmulTest, ProjectionsTogetherHaveTheBitsOfEachAlone) {
  const int64_t tokens = 70, in = 90;
  const Matrix x = random_matrix(tokens, in, 1);
  std::vector<Panels> weights, dw;
  std::vector<Matrix> y, dy;
  for (const int64_t out : {1000, 17, 333}) {
    weights.emplace_back(random_matrix(out, in, 2 + out));
    dw.emplace_back(out, in);
    y.emplace_back(tokens, out);
    dy.push_back(random_matrix(tokens, out, 3 + out));
  }
  std::vector<Projection<ConstPanelView, MatrixView>> forward;
  std::vector<Projection<ConstPanelView, ConstMatrixView>> of_dx;
  std::vector<Projection<PanelView, ConstMatrixView>> of_dw;
  for (size_t i = 0; i < weights.size(); ++i) {
    forward.push_back({weights[i].view(), y[i].view()});
    of_dx.push_back({weights[i].view(), dy[i].view()});
    of_dw.push_back({dw[i].view(), dy[i].view()});
  }
  Matrix dx(tokens, in);
  set_thread_count(2);
  matmul(x.view(), forward);
  matmul_dx(of_dx, dx.view());
  matmul_dw(of_dw, x.view());
  for (size_t i = 0; i < weights.size(); ++i) {
    Matrix y_alone(tokens, y[i].cols());
    matmul(x.view(), {{weights[i].view(), y_alone.view()}});
    EXPECT_TRUE(same_bits(y[i].data(), y_alone.data(), y_alone.size())) << i;
    Panels dw_alone(dw[i].out, in);
    matmul_dw({{dw_alone.view(), dy[i].view()}}, x.view());
    EXPECT_TRUE(same_bits(dw[i].data.data(), dw_alone.data.data(), dw_alone.data.size())) << i;
  }
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < in; ++i) {
      Chains expected = {};
      int64_t depth = 0;
      for (size_t p = 0; p < weights.size(); depth += weights[p++].out) {
        expected = chains(
            expected, weights[p].out, [&](int64_t o) { return dy[p].row(t)[o]; },
            [&](int64_t o) { return weights[p].data[panel_offset(in, o, i)]; });
      }
      ASSERT_TRUE(agrees(dx.row(t)[i], expected, depth)) << "dx " << t << "," << i;
    }
  }
}

TEST_P(MatmulTest, OperationsAreCounted) {
  const Matrix x = random_matrix(3, 5, 1), w = random_matrix(17, 5, 2), dy = random_matrix(3, 17, 3);
  Panels panels(w);
  Matrix y(3, 17), dx(3, 5);
  const int64_t before = product_flops();
  matmul(x.view(), {{panels.view(), y.view()}});
  matmul_dx({{panels.view(), dy.view()}}, dx.view());
  matmul_dw({{Panels(17, 5).view(), dy.view()}}, x.view());
  EXPECT_EQ(product_flops() - before, 3 * 2 * 3 * 17 * 5);
}

TEST_P(MatmulTest, AccumulatingAddsToTheOutput) {
  const Matrix x = random_matrix(9, 40, 1), w = random_matrix(20, 40, 2);
  Panels panels(w);
  Matrix y = random_matrix(9, 20, 3);
  const float start = y.row(4)[19];
  matmul(x.view(), {{panels.view(), y.view()}}, Accumulate::kYes);
  const Chains expected = chains(
      {start, std::abs(start)}, 40, [&](int64_t i) { return x.row(4)[i]; },
      [&](int64_t i) { return w.row(19)[i]; });
  EXPECT_TRUE(agrees(y.row(4)[19], expected, 40));
}

TEST(Panels, PackAndUnpackAreInverse) {
  const Matrix w = random_matrix(21, 10, 5);
  Panels panels(w);
  Matrix back(21, 10);
  unpack_panels(panels.view(), back.view());
  EXPECT_TRUE(same_bits(w.data(), back.data(), w.size()));
}

}  // namespace
}  // namespace deepscaler
