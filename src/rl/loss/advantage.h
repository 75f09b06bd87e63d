// Advantages: how much better a sample is than expected.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace deepscaler {

// R is a sample's reward, n the number of samples of its group that have one.
enum class AdvantageKind {
  kGroupStd,     // (R - mean) / (std + eps), unbiased std: GRPO (Shao et al., 2024, section 4.1.2)
  kGroupMean,    // R - mean: Dr. GRPO (Liu et al., 2025, section 3.2)
  kLeaveOneOut,  // (n R - sum R) / (n - 1): RLOO (Ahmadian et al., 2024, eq. 6)
  // (R - mean) / (mean + eps): MaxRL (2026, arXiv:2602.02710), whose expected gradient is that of the
  // likelihood of a right answer, seen through n samples. Groups whose mean is not above 0 get zero.
  kGroupMeanScaled,
  // REINFORCE++ (Hu et al., 2025, arXiv:2501.03262): x whitened over all tokens of the batch, each token
  // carrying its response's x: (x - mean) / sqrt(var + eps), unbiased var.
  kBatchWhitened,          // x = R
  kBatchWhitenedBaseline,  // x = R - mean of the group
};

// One group: the reward of each sample, none for an undecided one, and each sample's number of tokens that
// have a loss.
struct GroupRewards {
  std::vector<std::optional<double>> rewards;
  std::vector<int64_t> tokens;  // counted by the batch-whitened kinds alone
};

// The advantages of a rollout, by group and sample. A sample without a reward is left out of all statistics
// and gets zero. In the group kinds all samples of a group with fewer than two rewards, or with equal ones,
// get zero. In the batch kinds all samples get zero where no reward differs.
[[nodiscard]] std::vector<std::vector<float>> advantages(std::span<const GroupRewards> groups,
                                                         AdvantageKind kind, double eps);

// MGPO's weight of a group (VibeThinker: Xu et al., 2025, arXiv:2511.06221, section 3.3):
// exp(-sharpness KL), where KL = p ln(p / 0.5) + (1 - p) ln((1 - p) / 0.5) says how far the group's share of
// right answers p is from 0.5. 1 at 0.5, 2^-sharpness at 0 and 1.
[[nodiscard]] double uncertainty_weight(double pass_rate, double sharpness);

// Whether at least two samples have rewards and these differ: what dynamic sampling keeps.
[[nodiscard]] bool rewards_differ(std::span<const std::optional<double>> rewards);

}  // namespace deepscaler
