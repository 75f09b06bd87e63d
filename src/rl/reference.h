// The log-probabilities of responses by models beside the policy: the reference, which a KL term keeps the
// policy near to, and a teacher.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "rl/rollout/rollout.h"

namespace deepscaler {

// Set TokenStreams::reference_log_probs and teacher_log_probs of the groups that were not dropped. Then they
// release the model's workspace.
void score_by_reference(Engine& reference, std::vector<RolloutGroup>& groups, float temperature);
void score_by_teacher(Engine& teacher, std::vector<RolloutGroup>& groups, float temperature);

}  // namespace deepscaler
