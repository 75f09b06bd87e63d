#include "train/optimizers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "train/adamw.h"

namespace deepscaler {
namespace {

constexpr ConfigName<Schedule> kScheduleNames[] = {
    {"constant", Schedule::kConstant}, {"linear", Schedule::kLinear}, {"cosine", Schedule::kCosine}};
constexpr ConfigName<OptimizerStart> kStartNames[] = {{"reset", OptimizerStart::kReset},
                                                      {"keep", OptimizerStart::kKeep}};

// Every kind of optimizer.
constexpr OptimizerKind kKinds[] = {{"adamw", "two moments in f32", make_adamw, adamw_memory}};

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
    description += fmt::format(" {} ({})", kind.name, kind.description);
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
  section.field("eps", config.eps, "added to the root of the second moment").above(0);
  section.field("weight_decay", config.weight_decay, "decoupled decay of matrices, times lr").range(0, 10);
  section.field("max_grad_norm", config.max_grad_norm, "global norm to clip to, 0 for none").at_least(0);
}

}  // namespace deepscaler
