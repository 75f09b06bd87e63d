// Log-probability and entropy against a twin in double precision over odd vocabularies; gradients by the
// twin's central differences.
#include "ops/rows/lm_head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "base/rng.h"
#include "ops/kernel_target_test.h"

namespace deepscaler {
namespace {

struct Scores {
  double log_prob, entropy;
};

Scores score_twin(const Doubles& logits, int32_t target, double temperature) {
  double maximum = -INFINITY, sum = 0, entropy = 0;
  for (double logit : logits) maximum = std::max(maximum, logit / temperature);
  for (double logit : logits) sum += std::exp(logit / temperature - maximum);
  const double log_sum = maximum + std::log(sum);
  for (double logit : logits) {
    const double log_p = logit / temperature - log_sum;
    entropy -= std::exp(log_p) * log_p;
  }
  return {logits[target] / temperature - log_sum, entropy};
}

// One vector and a tail, one tile and a tail, several tiles.
const std::vector<int64_t> kVocabularies = {1, 2, 15, 17, 63, 1023, 1024, 1025, 2100};
constexpr int64_t kRows = 3;

Matrix random_logits(int64_t vocabulary) {
  Matrix logits(kRows, vocabulary);
  const Rng rng(3, {});
  for (int64_t i = 0; i < logits.size(); ++i) logits.data()[i] = 4 * rng.normal(i);
  // A row far from zero, and one that is nearly certain of a token.
  for (int64_t v = 0; v < vocabulary; ++v) logits.row(1)[v] -= 300;
  logits.row(2)[vocabulary / 2] = 60;
  return logits;
}

class LmHeadTest : public KernelTargetTest {};

DEEPSCALER_ON_ALL_KERNEL_TARGETS(LmHeadTest);

TEST_P(LmHeadTest, ScoresAndGradients) {
  for (int64_t vocabulary : kVocabularies) {
    for (const float temperature : {1.0f, 0.6f}) {
      Matrix logits = random_logits(vocabulary);
      const std::vector<int32_t> targets = {0, static_cast<int32_t>(vocabulary - 1),
                                            static_cast<int32_t>(vocabulary / 3)};
      std::vector<TokenScore> scores(kRows);
      score_tokens(logits.view(), targets, temperature, scores);

      std::vector<Doubles> rows;
      for (int64_t t = 0; t < kRows; ++t) rows.emplace_back(logits.row(t), logits.row(t) + vocabulary);
      const std::vector<float> d_log_prob = {1.0f, -0.7f, 0.3f}, d_entropy = {0.0f, 0.5f, -0.2f};
      score_tokens_backward(logits.view(), targets, temperature, scores, d_log_prob, d_entropy);
      for (int64_t t = 0; t < kRows; ++t) {
        const auto temperature_of_twin = static_cast<double>(temperature);
        const Scores expected = score_twin(rows[t], targets[t], temperature_of_twin);
        // A logit of -300 has a spacing of 3e-5 in f32.
        ASSERT_NEAR(scores[t].log_prob, expected.log_prob, 6e-5) << vocabulary << " row " << t;
        ASSERT_NEAR(scores[t].entropy, expected.entropy, 6e-5) << vocabulary << " row " << t;
        for (int64_t v = 0; v < vocabulary; ++v) {
          // All tokens of a large vocabulary would take long: some, and those whose slopes are large.
          if (vocabulary > 100 && v % 37 != 0 && v != targets[t] && v != vocabulary / 2) continue;
          constexpr double kStep = 1e-5;
          const auto value = [&](double shift) {
            Doubles moved = rows[t];
            moved[v] += shift;
            const Scores s = score_twin(moved, targets[t], temperature_of_twin);
            return d_log_prob[t] * s.log_prob + d_entropy[t] * s.entropy;
          };
          const double slope = (value(kStep) - value(-kStep)) / (2 * kStep);
          ASSERT_NEAR(logits.row(t)[v], slope, 2e-5 + 1e-3 * std::abs(slope))
              << vocabulary << " row " << t << " token " << v;
        }
      }
    }
  }
}

TEST_P(LmHeadTest, ARowHasTheSameBitsAloneAndOnAnyNumberOfThreads) {
  const Matrix logits = random_logits(2100);
  const std::vector<int32_t> targets = {5, 1500, 2099};
  std::vector<TokenScore> together(kRows);
  set_thread_count(3);
  score_tokens(logits.view(), targets, 0.7f, together);
  set_thread_count(1);
  for (int64_t t = 0; t < kRows; ++t) {
    TokenScore alone;
    score_tokens(logits.view().middle_rows(t, 1), std::span(targets).subspan(t, 1), 0.7f, {&alone, 1});
    EXPECT_EQ(alone.log_prob, together[t].log_prob);
    EXPECT_EQ(alone.entropy, together[t].entropy);
  }
}

}  // namespace
}  // namespace deepscaler
