// Gradients of a loss over groups of sequences. For each micro-batch: pack, forward, head and loss chunk by
// chunk, backward. Scoring does this without gradients.
//
// Logits exist for one chunk of rows at a time; log-probability, entropy and their gradient come out of one
// pass over the chunk. Of a prompt only the row that predicts a response's first token meets a head.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/device.h"
#include "model/model.h"
#include "model/segments.h"
#include "train/fixed_sum.h"
#include "train/head.h"

namespace deepscaler {

// How the gradients of micro-batches add up.
enum class GradientSum {
  kFloat,  // in their order, on one rank
  kFixed,  // as integers (train/fixed_sum.h): the same bits for any number of ranks
};

struct StepOptions {
  int64_t token_budget = 2048;  // rows of a micro-batch
  Recompute recompute = Recompute::kNone;
  GradientSum gradients = GradientSum::kFloat;
};

// Numbers by group, response and token: [group][response][token].
using GroupScores = std::vector<std::vector<std::vector<TokenScore>>>;
using GroupValues = std::vector<std::vector<std::vector<float>>>;

// Owns the memory of a step, so that it is allocated once. One thread uses it at a time.
class TrainStep {
 public:
  // Model and device must outlive this object.
  TrainStep(const Model& model, const StepOptions& options, const Device& device = default_device());

  // Adds the gradient of the head's loss over all response tokens to the sum, which begins at zero; each rank
  // computes its part. `progress`, where given, is called with the rows done so far. Throws Error naming
  // tensor and sample where a number of the head, or a gradient that reaches the bottom of the layers, is not
  // finite; the sum is undefined then.
  void accumulate(std::span<const TokenGroup> groups, Head& head,
                  const std::function<void(int64_t rows)>& progress = {});

  // After the last accumulate() of an update: gradients() are the sum over all ranks. Throws Error where a
  // fixed sum can't hold it.
  void add_up_gradients();

  // Log-probability and entropy of every response token: the bits that accumulate() with an LmHead computes.
  // Scoring is droppable work (base/signals.h).
  [[nodiscard]] GroupScores score(std::span<const TokenGroup> groups, float temperature);
  // The scalar head's number of every response token, read at `token_row`: the bits that accumulate() with a
  // ScalarHead computes.
  [[nodiscard]] GroupValues values(std::span<const TokenGroup> groups, TokenRow token_row);

  // Gives back all memory but the gradients', until the next pass.
  void release_workspace() { pass_->release(); }

  [[nodiscard]] std::span<const float> gradients() const { return pass_->gradients(); }
  void clear_gradients();

 private:
  void accumulate_dealt(std::span<const TokenGroup> groups, const std::vector<MicroBatch>& batches,
                        Head& head, const std::function<void(int64_t rows)>& progress);
  void train_micro_batch(std::span<const TokenGroup> groups, const MicroBatch& batch, Head& head);
  template <class Number, class Read>
  std::vector<std::vector<std::vector<Number>>> read_all(std::span<const TokenGroup> groups,
                                                         TokenRow token_row, const Read& read);

  const Model& model_;
  StepOptions options_;
  std::unique_ptr<Pass> pass_;
  std::optional<FixedSum> sum_;  // where gradients add up as integers
};

}  // namespace deepscaler
