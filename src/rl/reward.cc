#include "rl/reward.h"

#include "base/config.h"
#include "base/parallel.h"

namespace deepscaler {

void bind(ConfigSection& s, RewardConfig& c) {
  s.field("accuracy", c.accuracy, "weight of a right answer");
  s.field("max_undecided_share", c.max_undecided_share,
          "share of a step's samples that may be left undecided before the run stops")
      .range(0, 1);
}

void grade_rollout(std::vector<RolloutGroup>& groups, const RewardConfig& config) {
  std::vector<std::pair<RolloutGroup*, RolloutSample*>> all;
  for (RolloutGroup& group : groups) {
    for (RolloutSample& sample : group.samples) all.emplace_back(&group, &sample);
  }
  parallel_for(std::ssize(all), [&](int64_t i) {
    auto& [group, sample] = all[i];
    sample->verdict = grade(group->problem->answers, sample->text,
                            {.prompt_opened_thinking = group->prompt.opened_thinking});
    std::optional<double> accuracy;
    if (!sample->verdict.undecided) accuracy = sample->verdict.score;
    sample->rewards = {{"accuracy", accuracy}};
    if (accuracy) sample->reward = config.accuracy * *accuracy;
  });
}

}  // namespace deepscaler
