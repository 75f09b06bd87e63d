// [[stage]]: what one stage of a recipe does, on which data, and when it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/problem_set.h"
#include "rl/grpo_config.h"
#include "run/stages/curriculum.h"
#include "train/optimizer.h"
#include "train/sft.h"

namespace deepscaler {

class ConfigSection;

// How a stage departs from [eval].
struct StageEvalConfig {
  bool at_end = true;
  std::optional<int64_t> every, samples;
};

struct StageConfig {
  std::string kind;  // "sft" or "grpo"
  std::string name;  // in tables and logs
  DataConfig data;
  OptimizerConfig optimizer;
  UntilConfig until;
  StageEvalConfig eval;
  SftConfig sft;
  GrpoConfig grpo;

  // Where it is stated; a number of epochs depends on the data.
  [[nodiscard]] std::optional<int64_t> steps() const { return kind == "sft" ? sft.steps : grpo.steps; }
  [[nodiscard]] const std::string& title() const { return name.empty() ? kind : name; }
};

void bind(ConfigSection& section, StageConfig& config);

}  // namespace deepscaler
