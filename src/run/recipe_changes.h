// Which keys of a recipe may change while a run is under way.
//
// Keys may change that have not had an effect yet. A run resumed with the changed recipe is then the run that
// the changed recipe would have given from the beginning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "run/recipe.h"
#include "run/state.h"

namespace deepscaler {

// N of "stage.N" and "stage.N.optimizer.lr"; nothing for other keys.
[[nodiscard]] std::optional<int64_t> stage_of(const std::string& key);

// The differences between a run's recipe, `before`, and the recipe `after` to go on with from `state` that
// are not allowed: all but
// - output.* and model.kv_memory_mib, which change no bit of weights and logs;
// - everything of stages that have not begun, which may also be added and left out;
// - the steps of the stage under way, if they are not fewer than the stage has done, and if neither its
// learning rate nor a
//   plateau rule depends on them (a plateau rule has counted the evaluation at the end);
// - token_budget, which the manifest decides about.
[[nodiscard]] std::vector<ConfigDifference> forbidden_changes(const Recipe& before, const Recipe& after,
                                                              const RunState& state);

}  // namespace deepscaler
