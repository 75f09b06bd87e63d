#include "embed/vector_index.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "tensor/matrix.h"

namespace deepscaler {
namespace {

// Vectors of length 1 about twelve centers.
Matrix clustered(int64_t count, int64_t width) {
  Matrix m(count, width);
  const Rng centers(1, {}), noise(2, {});
  for (int64_t r = 0; r < count; ++r) {
    float squares = 0;
    for (int64_t i = 0; i < width; ++i) {
      m.row(r)[i] = centers.normal(r % 12 * width + i) + 0.5f * noise.normal(r * width + i);
      squares += m.row(r)[i] * m.row(r)[i];
    }
    for (int64_t i = 0; i < width; ++i) m.row(r)[i] /= std::sqrt(squares);
  }
  return m;
}

double product(const Matrix& m, int64_t a, int64_t b) {
  double sum = 0;
  for (int64_t i = 0; i < m.cols(); ++i)
    sum += static_cast<double>(m.row(a)[i]) * static_cast<double>(m.row(b)[i]);
  return sum;
}

TEST(VectorIndex, BothKindsFindTheMostSimilar) {
  constexpr int64_t kCount = 400, kWidth = 48;
  const Matrix vectors = clustered(kCount, kWidth);
  for (const auto make : {make_compared_vectors, make_vector_graph}) {
    const auto index = make(kWidth, kCount);
    EXPECT_TRUE(index->similar(vectors.row(0), -2, 3).empty());
    int missed = 0;
    for (int64_t r = 0; r < kCount; ++r) {
      double best = -1;
      for (int64_t other = 0; other < r; ++other) best = std::max(best, product(vectors, r, other));
      const auto found = index->similar(vectors.row(r), -2, 3);
      ASSERT_EQ(std::ssize(found), std::min<int64_t>(r, 3));
      if (r > 0) {
        EXPECT_NEAR(found[0].similarity, product(vectors, r, static_cast<int64_t>(found[0].number) - 1000),
                    1e-5);
        missed += found[0].similarity < best - 1e-5 ? 1 : 0;
      }
      index->add(static_cast<size_t>(r) + 1000, vectors.row(r));
    }
    EXPECT_EQ(missed, 0);
    const auto own = index->similar(vectors.row(7), 0.999, 9);
    ASSERT_EQ(own.size(), 1u);
    EXPECT_EQ(own[0].number, 1007u);
  }
}

TEST(VectorIndex, EqualVectorsComeByTheirNumbers) {
  const Matrix vectors = clustered(1, 16);
  const auto index = make_vector_index(16, 3);
  for (const size_t number : {5, 3, 4}) index->add(number, vectors.row(0));
  const auto found = index->similar(vectors.row(0), 0.9, 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].number, 3u);
  EXPECT_EQ(found[1].number, 4u);
}

}  // namespace
}  // namespace deepscaler
