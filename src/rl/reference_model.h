// The reference that the policy is kept near to: a copy of weights as they once were, and the
// log-probabilities that they give to responses.
#pragma once

#include <filesystem>
#include <vector>

#include "model/model.h"
#include "rl/rollout/rollout.h"
#include "train/step.h"

namespace deepscaler {

// Holds one more copy of the weights. One thread uses it at a time.
class ReferenceModel {
 public:
  // A copy of the present weights of `policy`.
  explicit ReferenceModel(const Model& policy);

  // Takes over the present weights of `policy`, a model of the same shapes.
  void refresh(const Model& policy);

  // Sets RolloutSample::reference_log_probs of the groups that were not dropped.
  void score(std::vector<RolloutGroup>& groups, const StepOptions& options) const;

  // The weights to a file of a checkpoint and back. Throws Error.
  void save(const std::filesystem::path& path) const;
  void load(const std::filesystem::path& path);

 private:
  Model model_;
};

}  // namespace deepscaler
