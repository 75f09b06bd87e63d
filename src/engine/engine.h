// A model that can be sampled from, scored, trained and saved. Algorithms hold engines: they touch no
// weights, gradients or moments. An engine computes by the passes of a device (model/pass.h).
//
// The first call that needs memory for training (gradients, an optimizer, a workspace) takes it. So a model
// that is only scored costs its weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "infer/generator.h"
#include "model/model.h"
#include "train/optimizers.h"
#include "train/step.h"

namespace deepscaler {

struct EngineOptions {
  // Upper bound of the KV cache in bytes. Less memory means more preemption, never other tokens.
  int64_t kv_memory_bytes = int64_t{1} << 30;
  int64_t token_budget = 2048;  // rows of a micro-batch
  Recompute recompute = Recompute::kNone;
  GradientSum gradients = GradientSum::kFloat;
};

// One thread uses it at a time. The device must outlive it.
class Engine {
 public:
  Engine(Model model, const EngineOptions& options, const Device& device = default_device());

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] const EngineOptions& options() const { return options_; }
  [[nodiscard]] Generator& generator() { return generator_; }

  // Log-probability and entropy of every response token, and the numbers of a scalar head (train/step.h).
  [[nodiscard]] GroupScores score(std::span<const TokenGroup> groups, float temperature);
  [[nodiscard]] GroupValues values(std::span<const TokenGroup> groups, TokenRow token_row);

  // Adds the gradient of the head's loss to that of the calls since the last update(). Throws Error where it
  // is not finite; the next call then begins a new gradient.
  void accumulate(std::span<const TokenGroup> groups, Head& head,
                  const std::function<void(int64_t rows)>& progress = {});
  // One step of the optimizer with the accumulated gradient (CHECK: there is one). Returns the gradient's
  // norm before clipping. Throws Error where the gradient is not finite, and leaves weights and optimizer as
  // they were.
  double update(const OptimizerConfig& config, float lr);

  // Replaces the optimizer by a new one of config.kind, without moments.
  void begin_optimizer(const OptimizerConfig& config);
  [[nodiscard]] int64_t updates() const { return optimizer_ ? optimizer_->steps() : 0; }

  // The gradient of the last accumulate() calls, or where it adds up as integers of the last update(), laid
  // out by the model's table; empty before the first. For measurements and tests.
  [[nodiscard]] std::span<const float> gradients() const;

  // Copies the weights that the other model has by the same names and in the same shapes; the rest stays.
  void copy_weights_from(const Model& other);

  // Gives back the memory of training, but not that of the gradients.
  void release_workspace();

  // Write and read optimizer.safetensors of a checkpoint. Nothing is written where there was no update. Both
  // throw Error.
  void save_optimizer(const std::filesystem::path& file) const;
  void load_optimizer(const std::filesystem::path& file, const OptimizerConfig& config);

 private:
  TrainStep& step();
  Optimizer& optimizer(const OptimizerConfig& config);

  std::unique_ptr<Model> model_;  // where its address stays when an engine is moved
  EngineOptions options_;
  const Device& device_;
  Generator generator_;
  std::unique_ptr<TrainStep> step_;
  std::unique_ptr<Optimizer> optimizer_;
  bool gradient_is_used_ = true;  // or undefined: the next accumulate() begins a new one
};

}  // namespace deepscaler
