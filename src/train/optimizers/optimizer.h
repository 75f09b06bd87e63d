// An optimizer over the flat array of a model's parameters, its settings, and what all kinds share. Each kind
// has a file of its own; train/optimizers.h is the table of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "model/parameters.h"
#include "train/optimizers/schedule.h"

namespace deepscaler {

// What a stage does with the moments of the stage before it.
enum class OptimizerStart { kReset, kKeep };

struct OptimizerConfig {
  std::string kind = "adamw";  // a name of optimizer_kinds() (train/optimizers.h)
  float lr = 1e-6f;            // the schedule's peak
  ScheduleConfig schedule;
  OptimizerStart start = OptimizerStart::kReset;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float momentum = 0.95f;  // of Muon
  float eps = 1e-8f;
  float weight_decay = 0.01f;  // of matrices; norms and biases are never decayed
  float max_grad_norm = 1.0f;  // 0 switches clipping off
};

// The Euclidean norm of all gradients: sums over tiles of fixed size, added in order, in double; the
// same bits for any number of threads.
[[nodiscard]] double global_norm(std::span<const float> gradients);

// Throws Error naming the first parameter with a gradient that is not finite.
void require_finite(const ParameterTable& table, std::span<const float> gradients);

// global_norm(), after require_finite() where it is not finite.
[[nodiscard]] double checked_norm(const ParameterTable& table, std::span<const float> gradients);

// What gradients of that norm are multiplied by: min(1, max_grad_norm / (norm + 1e-6)), as torch's
// clip_grad_norm_ does.
[[nodiscard]] float clip_factor(const OptimizerConfig& config, double norm);

// Turns gradients into an update of the weights. One thread uses it. save() and load() keep its whole state,
// bit for bit.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  virtual void reset() = 0;  // as new

  // Write and read optimizer.safetensors. Both throw Error. A failed load leaves the optimizer undefined.
  virtual void save(const std::filesystem::path& path) const = 0;
  virtual void load(const std::filesystem::path& path) = 0;

  // One update of `weights`; both arrays are [table.trainable_size()]. Learning rate `lr` stands in place of
  // config.lr. Gradients are clipped (clip_factor()). Returns the norm before clipping. Throws Error for
  // gradients that are not finite, and leaves weights and optimizer as they were.
  virtual double step(const OptimizerConfig& config, float lr, std::span<const float> gradients,
                      float* weights) = 0;

  [[nodiscard]] virtual int64_t steps() const = 0;  // since it was new
};

}  // namespace deepscaler
