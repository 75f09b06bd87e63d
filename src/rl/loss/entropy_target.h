// An entropy coefficient that follows the entropy (Skywork-OR1: He et al., 2025, arXiv:2505.22312, section
// 3.3; TRL's use_adaptive_entropy). Before each update the loss gets the coefficient where the entropy of the
// update before was at most the target, else 0. After it the coefficient rises by a step where the entropy is
// at most the target, and falls by a step where it is above.
#pragma once

#include <optional>

namespace deepscaler {

struct EntropyTargetConfig {
  std::optional<double> target;  // nats a token
  double step = 0.005;
  double max = 1;  // of the coefficient; it never falls below 0
};

// Where the control stands: all that it knows of the updates before.
struct EntropyControl {
  double coefficient = 0;
  std::optional<double> entropy;  // of the last update

  // What the next update's loss gets.
  [[nodiscard]] double applied(const EntropyTargetConfig& config) const {
    return entropy && *entropy > *config.target ? 0 : coefficient;
  }
  // Takes note of the mean entropy of an update's tokens.
  void observe(const EntropyTargetConfig& config, double mean_entropy);
};

}  // namespace deepscaler
