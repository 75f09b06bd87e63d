// The log-probabilities that the reference, a model that the policy is kept near to, gives to responses.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "rl/rollout/rollout.h"

namespace deepscaler {

// Sets TokenStreams::reference_log_probs of the groups that were not dropped, and gives the memory for it
// back.
void score_by_reference(Engine& reference, std::vector<RolloutGroup>& groups, float temperature);

}  // namespace deepscaler
