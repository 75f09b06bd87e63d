// AdamW (Loshchilov and Hutter, 2019): two moments a parameter, and weight decay apart from the gradient.
#pragma once

#include <memory>

#include "ops/rows/optimizer_kernel.h"
#include "tensor/buffer.h"
#include "train/optimizers/optimizer.h"

namespace deepscaler {

// Of update number `step`, from 1, of a parameter, with gradients multiplied by `clip`. Matrices alone decay.
[[nodiscard]] AdamWCoefficients adamw_coefficients(const OptimizerConfig& config, float lr, float clip,
                                                   int64_t step, const ParameterInfo& parameter);

class AdamW final : public Optimizer {
 public:
  explicit AdamW(const ParameterTable& table);  // must outlive this object

  void reset() override;
  void save(const std::filesystem::path& path) const override;
  void load(const std::filesystem::path& path) override;
  double step(const OptimizerConfig& config, float lr, std::span<const float> gradients,
              float* weights) override;
  [[nodiscard]] int64_t steps() const override { return steps_; }

 private:
  const ParameterTable& table_;
  Buffer<float> first_moment_;
  Buffer<float> second_moment_;
  int64_t steps_ = 0;
};

[[nodiscard]] std::unique_ptr<Optimizer> make_adamw(const ParameterTable& table);
[[nodiscard]] int64_t adamw_memory(const ParameterTable& table);

}  // namespace deepscaler
