// Forward and backward passes of a model on a device: the seam under which devices stand. Keys and values,
// activations, logits and gradients are the pass's own; the callers above it (generation, training, scoring)
// hold none of them but for what a function returns, and know no device.
//
// A pass is used in this order: reserve() and clear() blocks of keys and values, forward() over a batch, then
// head functions over some rows of it, each followed by its backward function where there is one, then
// backward(). Rows of a head function are at most kHeadRows, since logits are [rows, V].
//
// Bits: what a row becomes depends on its own sequence alone, whatever rows stand beside it
// (docs/reproducibility.md).
#pragma once

#include <cstdint>
#include <span>

#include "model/segments.h"
#include "ops/rows/lm_head.h"
#include "tensor/buffer.h"
#include "tensor/matrix.h"

namespace deepscaler {

// Rows of logits in memory at a time: at a vocabulary of 49152 they are 48 MiB; fewer rows would read and
// write the LM head's gradient (as large as the embedding) too often.
inline constexpr int64_t kHeadRows = 256;

// What follows a forward pass.
enum class PassPurpose {
  kInference,  // nothing that needs activations
  kTraining,   // backward()
};

// The derivatives of a loss with respect to a token's log-probability and entropy.
struct TokenDerivative {
  float log_prob = 0;
  float entropy = 0;
};

// One thread uses it at a time. The model must outlive it; the model's weights may change between passes.
class Pass {
 public:
  virtual ~Pass() = default;

  // Room for so many blocks of keys and values. Growing loses what was in them.
  virtual void reserve(int64_t blocks, Contents contents) = 0;
  // Fills blocks with zeros, in every layer: before their first use by a new owner.
  virtual void clear(std::span<const int32_t> blocks) = 0;

  // Runs the layers over the batch, which must live until the last function of this pass over it. Token
  // numbers must be within the vocabulary, positions within the context, blocks within the reserved ones.
  virtual void forward(const ForwardBatch& batch, PassPurpose purpose) = 0;

  // --- Heads over rows of the last forward().

  // The language model's head: log-probability and entropy of targets[i] after row rows[i].
  virtual void score(std::span<const int64_t> rows, std::span<const int32_t> targets, float temperature,
                     std::span<TokenScore> scores) = 0;
  // Backward of the last score().
  virtual void score_backward(std::span<const TokenDerivative> derivatives) = 0;

  // The logits [rows.size(), V] themselves; a view, until the next call of a head function.
  [[nodiscard]] virtual MatrixView logits(std::span<const int64_t> rows) = 0;
  // Backward of the last logits(): its view now holds the derivatives with respect to them.
  virtual void logits_backward() = 0;

  // The scalar head of a model that has one (ModelConfig::scalar_head): a number a row.
  virtual void values(std::span<const int64_t> rows, std::span<float> values) = 0;
  // Backward of the last values().
  virtual void values_backward(std::span<const float> derivatives) = 0;

  // --- Through the layers, of the last forward() for training.

  // Adds to gradients() what the backward functions of the heads imply.
  virtual void backward() = 0;
  // Whether the gradient of the embedding of a row is finite. All other gradients of the row pass into it.
  [[nodiscard]] virtual bool is_finite_at(int64_t row) const = 0;

  // Laid out by the model's table, in memory that the CPU reads. They begin at zero, with the first forward()
  // for training or clear_gradients(); there are none before.
  [[nodiscard]] virtual std::span<const float> gradients() const = 0;
  virtual void clear_gradients() = 0;
  // The same, to be replaced by sums that are made elsewhere; they are there from then on.
  [[nodiscard]] virtual std::span<float> edit_gradients() = 0;

  // Gives back all memory but that of the gradients, until the next reserve().
  virtual void release() = 0;
};

}  // namespace deepscaler
