#include "rl/reward/reward_model.h"

#include <cmath>

#include "base/config.h"
#include "rl/reward/reward_command.h"

namespace deepscaler {

void bind(ConfigSection& s, ModelRewardConfig& c) {
  s.field("name", c.name, "of the reward, in metrics and rollouts").required();
  s.field("model", c.model,
          "a reward model: \"stage NAME\" (that an earlier stage made), or the path of its folder")
      .required();
  s.field("weight", c.weight, "weight of the reward").range(-kLargestRewardWeight, kLargestRewardWeight);
  s.field("normalize", c.normalize,
          "take the mean of the model's training scores off, and divide by their spread");
}

std::vector<std::optional<double>> model_rewards(const RewardScorer& scorer,
                                                 std::vector<RolloutGroup>& groups) {
  std::vector<RolloutGroup*> all;
  for (RolloutGroup& group : groups) all.push_back(&group);
  std::vector<std::optional<double>> rewards;
  for (const auto& group : scorer.engine.values(token_groups(all), TokenRow::kAt)) {
    for (const auto& response : group) {
      const bool decided = !response.empty() && std::isfinite(response.back());
      rewards.push_back(decided ? std::optional<double>(response.back()) : std::nullopt);
      if (decided && scorer.scale) rewards.back() = scorer.scale->normalized(*rewards.back());
    }
  }
  scorer.engine.release_workspace();
  return rewards;
}

}  // namespace deepscaler
