#include "rl/reference.h"

namespace deepscaler {

void score_by_reference(Engine& reference, std::vector<RolloutGroup>& groups, float temperature) {
  std::vector<RolloutGroup*> scored;
  for (RolloutGroup& group : groups) {
    if (!group.dropped) scored.push_back(&group);
  }
  const GroupScores scores = reference.score(token_groups(scored), temperature);
  for (size_t g = 0; g < scored.size(); ++g) {
    for (size_t r = 0; r < scores[g].size(); ++r) {
      auto& log_probs = scored[g]->samples[r].streams.reference_log_probs;
      log_probs.clear();
      for (const TokenScore& score : scores[g][r]) log_probs.push_back(score.log_prob);
    }
  }
  reference.release_workspace();
}

}  // namespace deepscaler
