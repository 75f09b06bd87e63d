// AdamW (Loshchilov and Hutter, 2019) over the flat array of a model's parameters, and clipping by the
// global norm.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "model/parameters.h"
#include "tensor/buffer.h"
#include "train/schedule.h"

namespace deepscaler {

class ConfigSection;

// What a stage does with the moments of the stage before it.
enum class OptimizerStart { kReset, kKeep };

struct OptimizerConfig {
  float lr = 1e-6f;  // the schedule's peak
  ScheduleConfig schedule;
  OptimizerStart start = OptimizerStart::kReset;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float eps = 1e-8f;
  float weight_decay = 0.01f;  // of matrices; norms and biases are never decayed
  float max_grad_norm = 1.0f;  // 0 switches clipping off
};

void bind(ConfigSection& section, OptimizerConfig& config);

// The Euclidean norm of all gradients: sums over tiles of fixed size, added in order, in double; the
// same bits for any number of threads.
[[nodiscard]] double global_norm(std::span<const float> gradients);

// Throws Error naming the first parameter with a gradient that is not finite.
void require_finite(const ParameterTable& table, std::span<const float> gradients);

// One thread uses it. What it knows beside its config is in its file, bit for bit.
class AdamW {
 public:
  explicit AdamW(const ParameterTable& table);  // must outlive this object

  void reset();  // as new

  // optimizer.safetensors: the moments and the number of steps. Both throw Error; a load that fails
  // leaves them undefined.
  void save(const std::filesystem::path& path) const;
  void load(const std::filesystem::path& path);

  // One update of `weights` with learning rate `lr` in place of config.lr, gradients scaled by
  // min(1, max_grad_norm / (norm + 1e-6)) as torch's clip_grad_norm_ does. Returns the norm before
  // clipping. Gradients that are not finite throw Error and leave weights and moments as they were.
  double step(const OptimizerConfig& config, float lr, std::span<const float> gradients, float* weights);

  [[nodiscard]] int64_t steps() const { return steps_; }  // since it was new

 private:
  const ParameterTable& table_;
  Buffer<float> first_moment_;
  Buffer<float> second_moment_;
  int64_t steps_ = 0;
};

}  // namespace deepscaler
