#include "ops/rows/lm_head.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/rows/vocabulary_kernel.h"

namespace deepscaler {
namespace {

template <class Tile>
void for_each_tile(std::span<const float> logits, const Tile& tile) {
  for (size_t first = 0; first < logits.size(); first += kVocabularyTile) {
    tile(first, logits.subspan(first, std::min<size_t>(kVocabularyTile, logits.size() - first)));
  }
}

float row_maximum(const VocabularyKernels& kernels, std::span<const float> logits) {
  float maximum = -std::numeric_limits<float>::infinity();
  for_each_tile(logits, [&](size_t, std::span<const float> tile) {
    maximum = std::max(maximum, kernels.maximum(tile.data(), std::ssize(tile)));
  });
  return maximum;
}

}  // namespace

float SoftmaxNormalizer::log_prob(float logit, float temperature) const {
  const float z = logit * (1.0f / temperature);
  return static_cast<float>(static_cast<double>(z) - maximum - log_sum);
}

SoftmaxNormalizer softmax_normalizer(std::span<const float> logits, float temperature) {
  const VocabularyKernels& kernels = vocabulary_kernels();
  const float inverse_temperature = 1.0f / temperature;
  const float maximum = row_maximum(kernels, logits) * inverse_temperature;
  double exponentials = 0, weighted = 0;
  for_each_tile(logits, [&](size_t, std::span<const float> tile) {
    const auto sums = kernels.sum_exponentials(tile.data(), std::ssize(tile), inverse_temperature, maximum);
    exponentials += sums.exponentials;
    weighted += sums.weighted;
  });
  const double log_sum = std::log(exponentials);
  return {maximum, log_sum, static_cast<float>(log_sum - weighted / exponentials)};
}

void score_tokens(ConstMatrixView logits, std::span<const int32_t> targets, float temperature,
                  std::span<TokenScore> scores) {
  DEEPSCALER_CHECK(logits.rows == std::ssize(targets) && logits.rows == std::ssize(scores));
  parallel_for(logits.rows, [&](int64_t t) {
    const float* row = logits.row(t);
    const auto normalizer = softmax_normalizer({row, static_cast<size_t>(logits.cols)}, temperature);
    scores[t] = {normalizer.log_prob(row[targets[t]], temperature), normalizer.entropy};
  });
}

// d log p[target] / d z[v] = [v = target] - p[v];  d H / d z[v] = -p[v] (log p[v] + H).
void score_tokens_backward(MatrixView logits, std::span<const int32_t> targets, float temperature,
                           std::span<const TokenScore> scores, std::span<const float> d_log_prob,
                           std::span<const float> d_entropy) {
  const VocabularyKernels& kernels = vocabulary_kernels();
  const float inverse_temperature = 1.0f / temperature;
  parallel_for(logits.rows, [&](int64_t t) {
    float* row = logits.row(t);
    const float log_sum = row[targets[t]] * inverse_temperature - scores[t].log_prob;
    const VocabularyKernels::GradientCoefficients coefficients = {
        .of_p = -inverse_temperature * (d_log_prob[t] + d_entropy[t] * scores[t].entropy),
        .of_p_log_p = -inverse_temperature * d_entropy[t]};
    kernels.gradient(row, logits.cols, inverse_temperature, log_sum, coefficients);
    row[targets[t]] += inverse_temperature * d_log_prob[t];
  });
}

int32_t sample_token(std::span<const float> logits, float temperature, float uniform) {
  const VocabularyKernels& kernels = vocabulary_kernels();
  const float inverse_temperature = 1.0f / temperature;
  const float maximum = row_maximum(kernels, logits) * inverse_temperature;
  const auto tile_sum = [&](std::span<const float> tile) {
    return static_cast<double>(
        kernels.sum_exponentials(tile.data(), std::ssize(tile), inverse_temperature, maximum).exponentials);
  };
  double total = 0;
  for_each_tile(logits, [&](size_t, std::span<const float> tile) { total += tile_sum(tile); });

  // First the tile, then the token in it. Rounding may leave the sum within a tile short of the target,
  // so the last token with a positive probability is kept as the answer.
  const double target = static_cast<double>(uniform) * total;
  double passed = 0;
  int32_t last_possible = 0;
  for (size_t first = 0; first < logits.size(); first += kVocabularyTile) {
    const auto tile = logits.subspan(first, std::min<size_t>(kVocabularyTile, logits.size() - first));
    const double sum = tile_sum(tile);
    if (passed + sum > target) {
      double within = passed;
      for (size_t i = 0; i < tile.size(); ++i) {
        const double p = std::exp(static_cast<double>(tile[i] * inverse_temperature - maximum));
        if (p < std::numeric_limits<float>::min()) continue;
        last_possible = static_cast<int32_t>(first + i);
        within += p;
        if (within > target) return last_possible;
      }
    }
    passed += sum;
  }
  return last_possible;
}

int32_t most_likely_token(std::span<const float> logits) {
  return static_cast<int32_t>(std::ranges::max_element(logits) - logits.begin());
}

}  // namespace deepscaler
