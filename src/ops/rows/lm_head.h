// What follows the logits: log-probability and entropy of tokens under softmax(logits / temperature), their
// gradients, and the softmax's normalizer for sampling. A matmul makes the logits in chunks of rows (see
// model/), so the logits of a whole batch are never in memory.
//
// Sums over the vocabulary are taken in tiles of fixed size and added up in tile order, in double, so a
// row's values depend on that row alone. V vocabulary; natural logarithms.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/matrix.h"

namespace deepscaler {

// The softmax of one row: p[v] = exp(logit[v] / temperature - maximum - log_sum).
struct SoftmaxNormalizer {
  float maximum;   // of logit / temperature
  double log_sum;  // log of the sum of exp(logit / temperature - maximum)
  float entropy;   // nats

  [[nodiscard]] float log_prob(float logit, float temperature) const;
};

// The normalizer of one row of logits [V]; temperature > 0.
[[nodiscard]] SoftmaxNormalizer softmax_normalizer(std::span<const float> logits, float temperature);

struct TokenScore {
  float log_prob;
  float entropy;
};

// Scores targets[t] under row t of logits [T, V].
void score_tokens(ConstMatrixView logits, std::span<const int32_t> targets, float temperature,
                  std::span<TokenScore> scores);

// Turns logits [T, V], in place, into the gradient of sum_t d_log_prob[t] * log_prob[t] + d_entropy[t] *
// entropy[t] with respect to the logits. `scores` [T] are what score_tokens() gave for these logits.
void score_tokens_backward(MatrixView logits, std::span<const int32_t> targets, float temperature,
                           std::span<const TokenScore> scores, std::span<const float> d_log_prob,
                           std::span<const float> d_entropy);

// The token where the cumulative distribution of softmax(logits / temperature) passes `uniform` in
// [0, 1), in order of token numbers.
[[nodiscard]] int32_t sample_token(std::span<const float> logits, float temperature, float uniform);
// The first token with the largest logit.
[[nodiscard]] int32_t most_likely_token(std::span<const float> logits);

}  // namespace deepscaler
