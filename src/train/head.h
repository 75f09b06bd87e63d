// Heads in training: they turn a model's last hidden states into the numbers that a loss sees, chunk by
// chunk.
//
//   LmHead      log-probability and entropy of each token     (train/token_loss.h)
//   ScalarHead  a number for each token                       values of a critic, scores of steps
//   LogitsHead  the logits before each token                  divergences over the vocabulary
//
// A head shows its loss chunks of at most kHeadRows tokens, each token once, in the order of the groups, from
// one thread, and passes the loss's derivatives on to the pass.
#pragma once

#include <span>
#include <vector>

#include "model/pass.h"
#include "train/token_loss.h"

namespace deepscaler {

// One thread uses it, for the duration of one accumulate().
class Head {
 public:
  virtual ~Head() = default;

  // Called with each micro-batch, after its forward pass and before its first chunk.
  virtual void begin(const MicroBatch& /*batch*/) {}
  [[nodiscard]] virtual MeasuredLoss& loss() = 0;

  // Which row of a token the head reads.
  [[nodiscard]] virtual TokenRow token_row() const { return TokenRow::kBefore; }

  // Whether all chunks of a micro-batch must be shown to observe() before the first evaluate().
  [[nodiscard]] virtual bool needs_whole_responses() const { return false; }
  virtual void observe(Pass& /*pass*/, std::span<const PredictedToken> /*chunk*/) {}

  // The head's numbers, the loss's derivatives, and the head's backward pass. Returns the first token of
  // which a number or a derivative is not finite, or null.
  [[nodiscard]] virtual const PredictedToken* evaluate(Pass& pass, std::span<const PredictedToken> chunk) = 0;
};

class LmHead final : public Head {
 public:
  // `temperature` divides the logits. `loss` must outlive this object.
  LmHead(TokenLoss& loss, float temperature) : loss_(loss), temperature_(temperature) {}

  [[nodiscard]] MeasuredLoss& loss() override { return loss_; }
  [[nodiscard]] bool needs_whole_responses() const override { return loss_.needs_whole_responses(); }
  void observe(Pass& pass, std::span<const PredictedToken> chunk) override;
  [[nodiscard]] const PredictedToken* evaluate(Pass& pass, std::span<const PredictedToken> chunk) override;

 private:
  void score(Pass& pass, std::span<const PredictedToken> chunk);

  TokenLoss& loss_;
  float temperature_;
  std::vector<TokenScore> scores_;
};

// A loss over the numbers of a scalar head. values[i] belongs to tokens[i], at the row that ScalarHead is
// given. For a loss at the end of responses only, TokenGroup::in_loss marks their last tokens.
class ValueLoss : public MeasuredLoss {
 public:
  // Fills in the derivative with respect to each value.
  virtual void evaluate(std::span<const PredictedToken> tokens, std::span<const float> values,
                        std::span<float> derivatives) = 0;
};

class ScalarHead final : public Head {
 public:
  // `loss` must outlive this object.
  ScalarHead(ValueLoss& loss, TokenRow token_row) : loss_(loss), token_row_(token_row) {}
  [[nodiscard]] MeasuredLoss& loss() override { return loss_; }
  [[nodiscard]] TokenRow token_row() const override { return token_row_; }
  [[nodiscard]] const PredictedToken* evaluate(Pass& pass, std::span<const PredictedToken> chunk) override;

 private:
  ValueLoss& loss_;
  TokenRow token_row_;
};

// A loss over whole distributions. `logits` [tokens, V] are not divided by a temperature. evaluate()
// overwrites them with the derivatives with respect to the logits. The view is valid during the call.
class LogitsLoss : public MeasuredLoss {
 public:
  // Called as Head::begin().
  virtual void begin(const MicroBatch& /*batch*/) {}
  virtual void evaluate(std::span<const PredictedToken> tokens, MatrixView logits) = 0;
};

class LogitsHead final : public Head {
 public:
  explicit LogitsHead(LogitsLoss& loss) : loss_(loss) {}  // must outlive this object
  void begin(const MicroBatch& batch) override { loss_.begin(batch); }
  [[nodiscard]] MeasuredLoss& loss() override { return loss_; }
  [[nodiscard]] const PredictedToken* evaluate(Pass& pass, std::span<const PredictedToken> chunk) override;

 private:
  LogitsLoss& loss_;
};

// The rows of a chunk's tokens.
[[nodiscard]] std::vector<int64_t> token_rows(std::span<const PredictedToken> chunk);

}  // namespace deepscaler
