// The seam between the training step and an algorithm: numbers per token in, numbers per token out.
// The step knows no algorithm, a loss knows no tensors.
#pragma once

#include <cstdint>
#include <span>

#include "model/pass.h"
#include "model/segments.h"
#include "train/measured_loss.h"

namespace deepscaler {

class TokenLoss : public MeasuredLoss {
 public:
  // Whether the derivatives of a token depend on its whole response, as with GSPO's ratio of sequences. The
  // step then shows all tokens of a response to observe() before it calls evaluate() for the first of them.
  // That costs one more product with the LM head, and no pass through the layers.
  [[nodiscard]] virtual bool needs_whole_responses() const { return false; }

  // Called with the chunks and scores that evaluate() gets later, bit for bit. Only if
  // needs_whole_responses().
  virtual void observe(std::span<const PredictedToken> /*tokens*/, std::span<const TokenScore> /*scores*/) {}

  // Called for chunks of tokens, each token once, in the order of the groups. `scores` are the present
  // model's values; `derivatives` are to be filled in. Called from one thread.
  virtual void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                        std::span<TokenDerivative> derivatives) = 0;
};

}  // namespace deepscaler
