#include "rl/loss/entropy_target.h"

#include <algorithm>

namespace deepscaler {

void EntropyControl::observe(const EntropyTargetConfig& config, double mean_entropy) {
  coefficient = mean_entropy <= *config.target ? std::min(coefficient + config.step, config.max)
                                               : std::max(coefficient - config.step, 0.0);
  entropy = mean_entropy;
}

}  // namespace deepscaler
