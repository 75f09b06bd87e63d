#include "rl/reference_model.h"

#include <algorithm>

#include "train/parameter_file.h"

namespace deepscaler {

ReferenceModel::ReferenceModel(const Model& policy) : model_(policy.config()) {
  model_.compute_in(policy.compute_type());
  refresh(policy);
}

void ReferenceModel::refresh(const Model& policy) {
  std::copy_n(policy.weights(), policy.table().size(), model_.weights());
}

void ReferenceModel::save(const std::filesystem::path& path) const {
  const NamedArray<const float> weights{"reference", model_.weights()};
  save_parameters(path, model_.table(), {&weights, 1}, {});
}

void ReferenceModel::load(const std::filesystem::path& path) {
  const NamedArray<float> weights{"reference", model_.weights()};
  (void)load_parameters(path, model_.table(), {&weights, 1});
}

void ReferenceModel::score(std::vector<RolloutGroup>& groups, const StepOptions& options) const {
  std::vector<TokenGroup> tokens;
  std::vector<RolloutGroup*> scored;
  for (RolloutGroup& group : groups) {
    if (group.dropped) continue;
    tokens.push_back({group.prompt.tokens, {}});
    for (const RolloutSample& sample : group.samples) {
      tokens.back().responses.emplace_back(sample.generation.tokens);
    }
    scored.push_back(&group);
  }
  TrainStep step(model_, options);  // its memory is needed for this pass alone
  const GroupScores scores = step.score(tokens);
  for (size_t g = 0; g < scored.size(); ++g) {
    for (size_t r = 0; r < scores[g].size(); ++r) {
      auto& log_probs = scored[g]->samples[r].reference_log_probs;
      log_probs.clear();
      for (const TokenScore& score : scores[g][r]) log_probs.push_back(score.log_prob);
    }
  }
}

}  // namespace deepscaler
