// rollouts/step-000001.jsonl: every sample of a step, one JSON object a line.
#pragma once

#include <span>
#include <string>

#include "rl/rollout/rollout.h"

namespace deepscaler {

// The lines of a step's file. Text that is not UTF-8 has U+FFFD in it; token_ids are exact.
[[nodiscard]] std::string rollout_lines(std::span<const RolloutGroup> groups);

}  // namespace deepscaler
