#include "rl/advantage.h"

#include <algorithm>
#include <cmath>

namespace deepscaler {

std::vector<float> group_advantages(std::span<const std::optional<double>> rewards, AdvantageKind kind,
                                    double eps) {
  std::vector<float> advantages(rewards.size(), 0.0f);
  std::vector<double> decided;
  for (const auto& reward : rewards) {
    if (reward) decided.push_back(*reward);
  }
  if (decided.empty() || std::ranges::min(decided) == std::ranges::max(decided)) return advantages;

  const auto n = static_cast<double>(decided.size());
  double sum = 0, squares = 0;
  for (double reward : decided) sum += reward;
  const double mean = sum / n;
  for (double reward : decided) squares += (reward - mean) * (reward - mean);
  const double std = std::sqrt(squares / (n - 1));
  for (size_t i = 0; i < rewards.size(); ++i) {
    if (!rewards[i]) continue;
    const double centred = *rewards[i] - mean;
    switch (kind) {
      case AdvantageKind::kGroupStd:
        advantages[i] = static_cast<float>(centred / (std + eps));
        break;
      case AdvantageKind::kGroupMean:
        advantages[i] = static_cast<float>(centred);
        break;
      case AdvantageKind::kLeaveOneOut:
        advantages[i] = static_cast<float>(centred * n / (n - 1));
        break;
    }
  }
  return advantages;
}

}  // namespace deepscaler
