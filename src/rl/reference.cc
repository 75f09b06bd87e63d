#include "rl/reference.h"

namespace deepscaler {
namespace {

void score_by(Engine& model, std::vector<RolloutGroup>& groups, float temperature,
              std::vector<float> TokenStreams::*stream) {
  std::vector<RolloutGroup*> scored;
  for (RolloutGroup& group : groups) {
    if (!group.dropped) scored.push_back(&group);
  }
  const GroupScores scores = model.score(token_groups(scored), temperature);
  for (size_t g = 0; g < scored.size(); ++g) {
    for (size_t r = 0; r < scores[g].size(); ++r) {
      std::vector<float>& log_probs = scored[g]->samples[r].streams.*stream;
      log_probs.clear();
      for (const TokenScore& score : scores[g][r]) log_probs.push_back(score.log_prob);
    }
  }
  model.release_workspace();
}

}  // namespace

void score_by_reference(Engine& reference, std::vector<RolloutGroup>& groups, float temperature) {
  score_by(reference, groups, temperature, &TokenStreams::reference_log_probs);
}

void score_by_teacher(Engine& teacher, std::vector<RolloutGroup>& groups, float temperature) {
  score_by(teacher, groups, temperature, &TokenStreams::teacher_log_probs);
}

}  // namespace deepscaler
