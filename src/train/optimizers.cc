#include "train/optimizers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "train/optimizers/adafactor.h"
#include "train/optimizers/adamw.h"
#include "train/optimizers/adamw_8bit.h"
#include "train/optimizers/adamw_bf16.h"
#include "train/optimizers/muon.h"

namespace deepscaler {
namespace {

constexpr ConfigName<Schedule> kScheduleNames[] = {
    {"constant", Schedule::kConstant}, {"linear", Schedule::kLinear}, {"cosine", Schedule::kCosine}};
constexpr ConfigName<OptimizerStart> kStartNames[] = {{"reset", OptimizerStart::kReset},
                                                      {"keep", OptimizerStart::kKeep}};

// Every kind of optimizer.
constexpr OptimizerKind kKinds[] = {
    {"adamw", "two moments in f32", make_adamw, adamw_memory, "adamw-8bit"},
    {"adamw-8bit", "in eight bits, with a scale for every 256", make_adamw_8bit, adamw_8bit_memory},
    {"adamw-bf16", "in bf16, rounded at random", make_adamw_bf16, adamw_bf16_memory},
    {"adafactor", "no first moment, and of the second the means of rows and columns", make_adafactor,
     adafactor_memory},
    {"muon", "one momentum, made orthogonal; adamw for embeddings, heads and vectors", make_muon,
     muon_memory}};

}  // namespace

std::span<const OptimizerKind> optimizer_kinds() { return kKinds; }

const OptimizerKind& find_optimizer(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &OptimizerKind::name);
  DEEPSCALER_CHECK(found != std::end(kKinds), "no such optimizer");
  return *found;
}

void bind(ConfigSection& section, OptimizerConfig& config) {
  std::vector<std::string> names;
  std::string description = "what turns gradients into updates:";
  for (const OptimizerKind& kind : kKinds) {
    names.emplace_back(kind.name);
    description += fmt::format("{} {} ({})", names.size() > 1 ? "," : "", kind.name, kind.description);
  }
  section.one_of("kind", config.kind, description, names);
  section.field("lr", config.lr, "peak learning rate").range(0, 1);
  section.choice("schedule", config.schedule.schedule, "how the rate goes on after the warm-up",
                 kScheduleNames);
  section
      .field("warmup_steps", config.schedule.warmup_steps,
             "steps of the stage in which the rate rises to lr, in equal parts")
      .at_least(0);
  section
      .field("min_lr", config.schedule.min_lr,
             "floor to which a linear or cosine schedule falls over the stage")
      .range(0, 1);
  section.require(config.schedule.min_lr <= config.lr, "min_lr", "is above lr, from which the rate falls",
                  "lower it");
  section.choice("start", config.start, "begin the stage with fresh moments or with those of the one before",
                 kStartNames);
  section.field("beta1", config.beta1, "decay of the first moment").range(0, 0.999999);
  section.field("beta2", config.beta2, "decay of the second moment").range(0, 0.999999);
  section.field("momentum", config.momentum, "decay of muon's momentum").range(0, 0.999999);
  section.field("eps", config.eps, "added to the root of the second moment").above(0);
  section.field("weight_decay", config.weight_decay, "decoupled decay of matrices, times lr").range(0, 10);
  section.field("max_grad_norm", config.max_grad_norm, "global norm to clip to, 0 for none").at_least(0);
}

}  // namespace deepscaler
