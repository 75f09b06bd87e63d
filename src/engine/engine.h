// A model that can be sampled from, scored, trained and saved: what algorithms hold. Below it stand the
// passes of a device (model/pass.h); above it nobody touches weights, gradients or moments.
//
// Memory for training (gradients, an optimizer, a workspace) is taken by the first call that needs it, so a
// model that is only scored costs its weights.
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
  int64_t kv_memory_bytes = int64_t{1} << 30;  // upper bound, for generation
  int64_t token_budget = 2048;                 // rows of a micro-batch
  Recompute recompute = Recompute::kNone;
};

// One thread uses it at a time.
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
  // is not finite; weights are then as they were, and the gradient begins anew with the next call.
  void accumulate(std::span<const TokenGroup> groups, Head& head,
                  const std::function<void(int64_t rows)>& progress = {});
  // One step of the optimizer with that gradient. Returns the gradient's norm before clipping. Throws Error
  // where it is not finite, and leaves weights and optimizer as they were.
  double update(const OptimizerConfig& config, float lr);

  // An optimizer as new, of that kind, for the updates to come.
  void begin_optimizer(const OptimizerConfig& config);
  [[nodiscard]] int64_t updates() const { return optimizer_ ? optimizer_->steps() : 0; }

  // The gradient of the last accumulate() calls, laid out by the model's table; for measurements and tests.
  [[nodiscard]] std::span<const float> gradients() const;

  // Takes over the weights of another model of the same shapes; where only the heads differ, those of the
  // layers.
  void copy_weights_from(const Model& other);

  // Gives back what training takes between steps, gradients apart: sampling comes next.
  void release_workspace();

  // optimizer.safetensors in a checkpoint's folder; nothing where there was no update.
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
  bool gradient_is_used_ = true;  // by an update, or of no use: the next accumulate() begins anew
};

}  // namespace deepscaler
