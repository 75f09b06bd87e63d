#include "rl/loss/advantage.h"

#include <algorithm>
#include <cmath>

namespace deepscaler {
namespace {

double mean_of(std::span<const std::optional<double>> rewards) {
  double sum = 0, count = 0;
  for (const auto& reward : rewards) {
    if (!reward) continue;
    sum += *reward;
    count += 1;
  }
  return sum / count;
}

std::vector<float> group_advantages(std::span<const std::optional<double>> rewards, AdvantageKind kind,
                                    double eps) {
  std::vector<float> result(rewards.size(), 0.0f);
  if (!rewards_differ(rewards)) return result;
  const double mean = mean_of(rewards);
  double squares = 0, n = 0;
  for (const auto& reward : rewards) {
    if (!reward) continue;
    squares += (*reward - mean) * (*reward - mean);
    n += 1;
  }
  if (kind == AdvantageKind::kGroupMeanScaled && mean <= 0) return result;
  const double std = std::sqrt(squares / (n - 1));
  const double scale = kind == AdvantageKind::kGroupStd          ? 1 / (std + eps)
                       : kind == AdvantageKind::kLeaveOneOut     ? n / (n - 1)
                       : kind == AdvantageKind::kGroupMeanScaled ? 1 / (mean + eps)
                                                                 : 1;
  for (size_t i = 0; i < rewards.size(); ++i) {
    if (rewards[i]) result[i] = static_cast<float>((*rewards[i] - mean) * scale);
  }
  return result;
}

// Subtracts the group's mean from each of its rewards; equal ones become exactly 0, which their mean need
// not.
std::vector<GroupRewards> centred(std::span<const GroupRewards> groups) {
  std::vector<GroupRewards> result(groups.begin(), groups.end());
  for (GroupRewards& group : result) {
    const bool differ = rewards_differ(group.rewards);
    const double mean = mean_of(group.rewards);
    for (auto& reward : group.rewards) {
      if (reward) *reward = differ ? *reward - mean : 0;
    }
  }
  return result;
}

std::vector<std::vector<float>> whitened(std::span<const GroupRewards> groups, double eps) {
  double count = 0, sum = 0, squares = 0, least = INFINITY, greatest = -INFINITY;
  const auto for_each = [&](const auto& body) {
    for (const GroupRewards& group : groups) {
      for (size_t i = 0; i < group.rewards.size(); ++i) {
        if (group.rewards[i]) body(*group.rewards[i], static_cast<double>(group.tokens[i]));
      }
    }
  };
  for_each([&](double x, double tokens) {
    if (tokens == 0) return;
    count += tokens;
    sum += tokens * x;
    least = std::min(least, x);
    greatest = std::max(greatest, x);
  });
  const double mean = sum / count;
  for_each([&](double x, double tokens) { squares += tokens * (x - mean) * (x - mean); });
  // Not by the squares: equal numbers can differ from their mean by a rounding error.
  const double scale = count > 1 && least < greatest ? 1 / std::sqrt(squares / (count - 1) + eps) : 0;

  std::vector<std::vector<float>> result;
  for (const GroupRewards& group : groups) {
    result.emplace_back(group.rewards.size(), 0.0f);
    for (size_t i = 0; i < group.rewards.size() && scale > 0; ++i) {
      if (group.rewards[i]) result.back()[i] = static_cast<float>((*group.rewards[i] - mean) * scale);
    }
  }
  return result;
}

}  // namespace

std::vector<std::vector<float>> advantages(std::span<const GroupRewards> groups, AdvantageKind kind,
                                           double eps) {
  if (kind == AdvantageKind::kBatchWhitened) return whitened(groups, eps);
  if (kind == AdvantageKind::kBatchWhitenedBaseline) return whitened(centred(groups), eps);
  std::vector<std::vector<float>> result;
  for (const GroupRewards& group : groups) result.push_back(group_advantages(group.rewards, kind, eps));
  return result;
}

double uncertainty_weight(double pass_rate, double sharpness) {
  const auto term = [](double p) { return p > 0 ? p * std::log(2 * p) : 0; };
  return std::exp(-sharpness * (term(pass_rate) + term(1 - pass_rate)));
}

bool rewards_differ(std::span<const std::optional<double>> rewards) {
  std::optional<double> first;
  for (const auto& reward : rewards) {
    if (reward && first && *reward != *first) return true;
    if (reward) first = reward;
  }
  return false;
}

}  // namespace deepscaler
