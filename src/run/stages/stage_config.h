// [[stage]]: what one stage of a recipe does, from which weights, on which data, and when it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/problem_set.h"
#include "run/stages/curriculum.h"
#include "run/stages/stage_kind.h"
#include "train/optimizers.h"

namespace deepscaler {

class ConfigSection;

// How a stage departs from [eval].
struct StageEvalConfig {
  bool at_end = true;
  std::optional<int64_t> every, samples;
};

struct StageConfig {
  std::string kind;                // a name of stage_kinds()
  std::string name;                // in tables and logs
  std::string start = "previous";  // or "recipe", or "stage NAME"
  DataConfig data;
  OptimizerConfig optimizer;
  UntilConfig until;
  StageEvalConfig eval;
  SettingsOfKinds settings_of_kinds;

  [[nodiscard]] StageSettings& settings() { return settings_of_kinds[kind]; }
  [[nodiscard]] const StageSettings& settings() const { return settings_of_kinds[kind]; }
  [[nodiscard]] const std::string& title() const { return name.empty() ? kind : name; }
};

void bind(ConfigSection& section, StageConfig& config);

// For kinds that train on examples. Throws Error naming `where` for data.pass_rate and
// data.min_prompt_tokens.
void require_no_choice_of_problems(const StageConfig& stage, const std::string& where);

// NAME of "stage NAME", in start and data.from; nothing for other texts.
[[nodiscard]] std::optional<std::string> stage_named_in(std::string_view text);

}  // namespace deepscaler
