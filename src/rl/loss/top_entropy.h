// The tokens at which the policy is least certain: forks in a chain of thought, where most of what RL teaches
// is decided (Wang et al., 2025, "Beyond the 80/20 Rule", arXiv:2506.01939, eq. 5).
#pragma once

#include <span>

namespace deepscaler {

// The (1 - share) quantile of the entropies, between neighbours along a line, as torch.quantile has it. A
// token counts where its entropy is at least that. There must be an entropy.
[[nodiscard]] double entropy_threshold(std::span<const float> entropies, double share);

}  // namespace deepscaler
