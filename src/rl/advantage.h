// Advantages: how much better a sample is than the others of its group.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace deepscaler {

enum class AdvantageKind {
  kGroupStd,    // (R - mean) / (std + eps), unbiased std: GRPO (Shao et al., 2024, eq. 3 onwards)
  kGroupMean,   // R - mean: Dr. GRPO (Liu et al., 2025)
  kLeaveOneOut  // (n R - sum R) / (n - 1): RLOO (Ahmadian et al., 2024)
};

// The advantages of one group's rewards; those without a reward (undecided samples) leave the group's
// statistics and get zero. A group with fewer than two rewards, or with equal ones, gets zeros.
[[nodiscard]] std::vector<float> group_advantages(std::span<const std::optional<double>> rewards,
                                                  AdvantageKind kind, double eps);

}  // namespace deepscaler
