// The log-probabilities of responses by the reference, the model that a KL term keeps the policy near to.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "rl/rollout/rollout.h"

namespace deepscaler {

// Sets TokenStreams::reference_log_probs of the groups that were not dropped. Then releases the reference's
// workspace.
void score_by_reference(Engine& reference, std::vector<RolloutGroup>& groups, float temperature);

}  // namespace deepscaler
