// Supervised fine-tuning: the negative log-probability of given responses, averaged over the tokens of
// a batch.
#pragma once

#include <cstdint>
#include <vector>

#include "train/token_loss.h"

namespace deepscaler {

// An example to imitate. The loss is on the response only.
struct Example {
  std::vector<int32_t> prompt;
  std::vector<int32_t> response;
};

class NegativeLogLikelihood : public TokenLoss {
 public:
  explicit NegativeLogLikelihood(int64_t tokens) : tokens_(tokens) {}

  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                std::span<TokenDerivative> derivatives) override;

  [[nodiscard]] double loss() const { return sum_ / static_cast<double>(tokens_); }  // nats a token
  [[nodiscard]] double entropy() const { return entropy_ / static_cast<double>(tokens_); }

 private:
  int64_t tokens_;
  double sum_ = 0;
  double entropy_ = 0;
};

// Which examples make up a step's batch: `count` numbers below `size`, every epoch in an order of its
// own, from (seed, epoch) alone; so a step's batch is the same however training got there.
[[nodiscard]] std::vector<int64_t> shuffled_batch(int64_t size, int64_t count, int64_t step, uint64_t seed);

}  // namespace deepscaler
