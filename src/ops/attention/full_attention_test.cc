#include "ops/attention/full_attention.h"

#include <algorithm>
#include <cmath>

#include "ops/kernel_target_test.h"

namespace deepscaler {
namespace {

Doubles twin(int64_t heads, const SequenceRows& rows, const Matrix& q, const Matrix& k, const Matrix& v) {
  const int64_t d = q.cols() / heads;
  Doubles out;
  for (int64_t t = rows.first; t < rows.first + rows.count; ++t) {
    for (int64_t c = 0; c < q.cols(); ++c) {
      const int64_t head = c / d * d;
      double sum = 0, weighted = 0;
      for (int64_t j = rows.first; j < rows.first + rows.count; ++j) {
        double score = 0;
        for (int64_t i = head; i < head + d; ++i)
          score += static_cast<double>(q.row(t)[i]) * static_cast<double>(k.row(j)[i]);
        const double e = std::exp(score / std::sqrt(static_cast<double>(d)));
        sum += e;
        weighted += e * static_cast<double>(v.row(j)[c]);
      }
      out.push_back(weighted / sum);
    }
  }
  return out;
}

class FullAttention : public KernelTargetTest {};
DEEPSCALER_ON_ALL_KERNEL_TARGETS(FullAttention);

TEST_P(FullAttention, AsItsTwinAndByItself) {
  for (const int64_t d : {16, 32, 48}) {
    constexpr int64_t kHeads = 3;
    const std::vector<SequenceRows> sequences = {{0, 1}, {1, 15}, {16, 16}, {32, 33}};
    const Matrix q = random_matrix(65, kHeads * d, 1), k = random_matrix(65, kHeads * d, 2),
                 v = random_matrix(65, kHeads * d, 3);
    Matrix out(65, kHeads * d), alone(65, kHeads * d);
    full_attention(kHeads, sequences, q.view(), k.view(), v.view(), out.view());
    for (const SequenceRows& rows : sequences) {
      const Doubles expected = twin(kHeads, rows, q, k, v);
      // A mean of numbers below 5, of weights with errors of d roundings in a score below 40.
      constexpr double kTolerance = 3e-5;
      for (size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(out.row(rows.first)[i], expected[i], kTolerance) << d << " " << rows.count << " " << i;
      set_thread_count(1);
      full_attention(kHeads, std::span(&rows, 1), q.view(), k.view(), v.view(), alone.view());
      set_thread_count(0);
      EXPECT_TRUE(std::equal(out.row(rows.first), out.row(rows.first) + rows.count * out.cols(),
                             alone.row(rows.first)));
    }
  }
}

}  // namespace
}  // namespace deepscaler
