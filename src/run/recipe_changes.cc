#include "run/recipe_changes.h"

#include <fmt/format.h>

#include <charconv>

namespace deepscaler {
// N of "stage.N.optimizer.lr", or nothing for other keys.
std::optional<int64_t> stage_of(const std::string& path) {
  constexpr std::string_view kPrefix = "stage.";
  if (!path.starts_with(kPrefix)) return std::nullopt;
  int64_t stage = 0;
  std::from_chars(path.data() + kPrefix.size(), path.data() + path.size(), stage);
  return stage;
}

namespace {

bool steps_may_change(const Recipe& after, const RunState& state) {
  if (state.stage >= std::ssize(after.stages)) return false;
  const StageConfig& stage = after.stages[static_cast<size_t>(state.stage)];
  return stage.optimizer.schedule.schedule == Schedule::kConstant && stage.until.plateau == 0 &&
         stage.settings().steps().value_or(0) >= state.stage_step;
}

bool may_change(const std::string& path, const Recipe& after, const RunState& state) {
  if (path.starts_with("output.") || path == "model.kv_memory_mib" || path == "token_budget") return true;
  const auto stage = stage_of(path);
  if (!stage) return false;
  if (*stage > state.stage) return true;
  return path == fmt::format("stage.{}.steps", state.stage) && steps_may_change(after, state);
}

}  // namespace

std::vector<ConfigDifference> forbidden_changes(const Recipe& before, const Recipe& after,
                                                const RunState& state) {
  std::vector<ConfigDifference> forbidden;
  for (ConfigDifference& difference : config_differences(before, after)) {
    if (!may_change(difference.path, after, state)) forbidden.push_back(std::move(difference));
  }
  return forbidden;
}

}  // namespace deepscaler
