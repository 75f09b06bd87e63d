// Gradients of a loss over groups of sequences: pack, forward, LM head and loss chunk by chunk,
// backward; micro-batch by micro-batch. And the same without gradients: scoring.
//
// The LM head's logits exist for a chunk of rows at a time. Since a loss answers per token, logits,
// log-probability, entropy and their gradient come out of one pass over the chunk. Prompt rows never
// meet the head (but for the one that predicts a response's first token).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "model/backward.h"
#include "model/forward.h"
#include "model/segments.h"
#include "train/token_loss.h"

namespace deepscaler {

// What the backward pass finds of the forward pass.
enum class Recompute {
  kNone,   // all that it needs
  kLayer,  // the input of each layer; the rest is computed again, with the same bits, layer by layer
};

struct StepOptions {
  float temperature = 1;        // logits are divided by it
  int64_t token_budget = 2048;  // rows of a micro-batch
  Recompute recompute = Recompute::kNone;
};

// Token scores of one response each, in the order of groups and responses.
using GroupScores = std::vector<std::vector<std::vector<TokenScore>>>;

// Owns the memory of a step, so that it is allocated once. One thread uses it at a time.
class TrainStep {
 public:
  // `model` must outlive this object.
  TrainStep(const Model& model, const StepOptions& options);

  // Adds the gradient of `loss` over all response tokens to gradients(), which begin at zero. Throws Error
  // naming tensor and sample where a score, or a gradient that reaches the bottom of the layers, is not
  // finite; gradients() are of no use then. `progress`, where given, is called with the rows done so far.
  void accumulate(std::span<const TokenGroup> groups, TokenLoss& loss,
                  const std::function<void(int64_t rows)>& progress = {});

  // Log-probability and entropy of every response token, bit for bit those of accumulate().
  [[nodiscard]] GroupScores score(std::span<const TokenGroup> groups);

  // Gives back all memory but that of the gradients, until the next pass.
  void release_workspace();

  [[nodiscard]] std::span<float> gradients() { return gradients_.span(); }
  void clear_gradients();

 private:
  void run_forward(const MicroBatch& batch, Activations& activations);
  void train_micro_batch(std::span<const TokenGroup> groups, const MicroBatch& batch, TokenLoss& loss);
  // The LM head over a chunk of predicted tokens; logits_ then holds its logits.
  void score_chunk(Activations& activations, std::span<const PredictedToken> chunk);

  const Model& model_;
  StepOptions options_;
  Buffer<float> gradients_;
  std::unique_ptr<KvCache> cache_;
  Activations training_, scoring_;
  Matrix d_hidden_;
  // Of a chunk:
  std::vector<int64_t> rows_;
  std::vector<int32_t> targets_;
  std::vector<TokenScore> scores_;
  Matrix gathered_, normed_, logits_, d_normed_;
};

}  // namespace deepscaler
