// Every kind of optimizer, by the name that a recipe gives it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "train/optimizers/optimizer.h"

namespace deepscaler {

class ConfigSection;

// A kind of optimizer: all that the rest of the program knows of it. The table is in optimizers.cc.
struct OptimizerKind {
  std::string_view name;                                            // optimizer.kind
  std::string_view description;                                     // for the manual
  std::unique_ptr<Optimizer> (*make)(const ParameterTable& table);  // the table must outlive it
  int64_t (*memory)(const ParameterTable& table);                   // bytes that it keeps
  std::string_view smaller = "";  // the kind that makes the same update from smaller moments; empty: none
};
[[nodiscard]] std::span<const OptimizerKind> optimizer_kinds();
// CHECKs that there is such a kind.
[[nodiscard]] const OptimizerKind& find_optimizer(std::string_view name);

void bind(ConfigSection& section, OptimizerConfig& config);

}  // namespace deepscaler
