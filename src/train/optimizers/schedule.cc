#include "train/optimizers/schedule.h"

#include <cmath>
#include <numbers>

namespace deepscaler {

float learning_rate(const ScheduleConfig& config, float peak, int64_t step, int64_t steps) {
  if (step < config.warmup_steps) {
    return static_cast<float>(peak * static_cast<double>(step + 1) /
                              static_cast<double>(config.warmup_steps));
  }
  if (config.schedule == Schedule::kConstant) return peak;
  const double share =
      static_cast<double>(step - config.warmup_steps) / static_cast<double>(steps - config.warmup_steps);
  const double left =
      config.schedule == Schedule::kLinear ? 1 - share : 0.5 * (1 + std::cos(std::numbers::pi * share));
  return static_cast<float>(config.min_lr + (static_cast<double>(peak) - config.min_lr) * left);
}

}  // namespace deepscaler
