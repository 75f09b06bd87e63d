#include "run/plan_advice.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "train/optimizers.h"

namespace deepscaler {
namespace {

constexpr double kGib = 1 << 30;

// Each puts itself into the recipe and returns it as --set takes it; nothing where the recipe has it already.
using Change = std::vector<std::string> (*)(Recipe&);

std::vector<std::string> recompute_layers(Recipe& recipe) {
  if (recipe.recompute == Recompute::kLayer) return {};
  recipe.recompute = Recompute::kLayer;
  return {"recompute=layer"};
}

std::vector<std::string> store_fewer_keys(Recipe& recipe) {
  constexpr int64_t kMib = 512;
  if (recipe.model.kv_memory_mib <= kMib) return {};
  recipe.model.kv_memory_mib = kMib;
  return {fmt::format("model.kv_memory_mib={}", kMib)};
}

std::vector<std::string> lower_token_budget(Recipe& recipe) {
  constexpr int64_t kTokens = 1024;
  if (recipe.token_budget <= kTokens) return {};
  recipe.token_budget = kTokens;
  return {fmt::format("token_budget={}", kTokens)};
}

std::vector<std::string> shorten_moments(Recipe& recipe) {
  std::vector<std::string> overrides;
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    std::string& kind = recipe.stages[i].optimizer.kind;
    const std::string_view smaller = find_optimizer(kind).smaller;
    if (smaller.empty()) continue;
    kind = smaller;
    overrides.push_back(fmt::format("stage.{}.optimizer.kind={}", i, kind));
  }
  return overrides;
}

// An adapter has few moments, so they stay what they are.
std::vector<std::string> train_an_adapter(Recipe& recipe) {
  constexpr int64_t kRank = 32;
  if (recipe.lora.rank > 0 || recipe.model.path.empty()) return {};
  recipe.lora.rank = kRank;
  return {fmt::format("lora.rank={}", kRank)};
}

// Smallest first.
constexpr Change kChanges[] = {recompute_layers, store_fewer_keys, lower_token_budget, shorten_moments,
                               train_an_adapter};

int64_t largest_stage(const RecipePlan& plan) {
  int64_t bytes = 0;
  for (const StagePlan& stage : plan.stages) bytes = std::max(bytes, stage.memory.total());
  return bytes;
}

std::string remedy(const Recipe& recipe, const RecipePlan& plan, const MemoryPart& largest,
                   int64_t available) {
  const auto advice = advise(recipe, plan.model, available);
  if (!advice) return largest.remedy + ", or train an adapter (lora.rank) over a quantized model";
  return fmt::format("add --set {}, with which it takes {:.2f} GiB", fmt::join(advice->overrides, " --set "),
                     static_cast<double>(advice->bytes) / kGib);
}

}  // namespace

// A set of changes is a number, of which change i is bit i: so all sets of the smaller ones come before the
// next.
std::optional<MemoryAdvice> advise(const Recipe& recipe, const ModelConfig& model, int64_t available) {
  for (size_t set = 1; set < size_t{1} << std::size(kChanges); ++set) {
    Recipe changed = recipe;
    MemoryAdvice advice;
    bool all_change_something = true;
    for (size_t i = 0; i < std::size(kChanges); ++i) {
      if ((set >> i & 1) == 0) continue;
      const auto overrides = kChanges[i](changed);
      all_change_something = all_change_something && !overrides.empty();
      advice.overrides.insert(advice.overrides.end(), overrides.begin(), overrides.end());
    }
    if (!all_change_something) continue;
    try {
      advice.bytes = largest_stage(plan_recipe(changed, model));
    } catch (const Error&) {
      continue;  // a stage that can't have an adapter
    }
    if (advice.bytes <= available) return advice;
  }
  return std::nullopt;
}

void require_memory(const Recipe& recipe, const RecipePlan& plan, int64_t available) {
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const MemoryPlan& memory = plan.stages[i].memory;
    if (memory.total() <= available) continue;
    const MemoryPart& largest = memory.largest();
    throw Error(fmt::format("stage.{}", i),
                fmt::format("it needs {:.2f} GiB of memory and {:.2f} are available; the largest part is "
                            "{} with {:.2f}",
                            static_cast<double>(memory.total()) / kGib, static_cast<double>(available) / kGib,
                            largest.name, static_cast<double>(largest.bytes) / kGib),
                remedy(recipe, plan, largest, available));
  }
}

}  // namespace deepscaler
