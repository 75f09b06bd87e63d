#include "run/plan.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "infer/scheduler.h"
#include "model/kv_cache.h"
#include "model/model.h"

namespace deepscaler {
namespace {

bool computes_in_bf16(const Recipe& recipe) {
  return compute_type_from_name(recipe.model.dtype) == ComputeType::kBf16;
}

GenerationShape generation_of(const Recipe& recipe, size_t number, const StageNeeds& needs,
                              const ModelConfig& config) {
  int64_t sequences = needs.problems * needs.samples;
  int64_t blocks = sequences == 0 ? 0
                                  : needs.problems * blocks_for_group(needs.prompt_tokens, needs.samples,
                                                                      needs.response_tokens);
  if (!recipe.eval.data.empty()) {
    // Problems in files are not counted here: as many as the memory holds.
    const int64_t problems = recipe.eval.data.files.empty() ? recipe.eval.data.count : 1 << 20;
    const int64_t samples = recipe.evaluation_samples(number);
    blocks = std::max(blocks, problems * blocks_for_group(kUsualPromptTokens, samples,
                                                          recipe.eval.config.sampling.max_response_tokens));
    sequences = std::max(sequences, problems * samples);
  }
  const int64_t limit = (recipe.model.kv_memory_mib << 20) / KvCache::block_bytes(config);
  const SchedulerConfig scheduler;
  const int64_t rows = scheduler.max_rows + std::min(sequences, scheduler.max_running);
  return {.kv_blocks = std::min(blocks, limit),
          .rows = rows,
          .head_rows = std::min({kHeadRows, sequences, rows})};
}

// A model stays in memory through stages that do not use it: a later one may keep it.
std::vector<std::string> models_up_to(const std::vector<StageNeeds>& needs, size_t number) {
  std::set<std::string> names;
  for (size_t i = 0; i <= number; ++i) names.insert(needs[i].models.begin(), needs[i].models.end());
  return {names.begin(), names.end()};
}

}  // namespace

RecipePlan plan_recipe(const Recipe& recipe, const ModelConfig& model) {
  RecipePlan plan;
  plan.model = model;
  plan.model.attention.bf16 = computes_in_bf16(recipe);
  const ParameterTable table(plan.model);
  plan.parameters = table.count();
  std::vector<StageNeeds> needs;
  for (const StageConfig& stage : recipe.stages) needs.push_back(stage.settings().needs(plan.model));
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const StageConfig& stage = recipe.stages[i];
    const TrainingShape training = {.rows = std::max(recipe.token_budget, needs[i].longest_sequence),
                                    .keep = recipe.recompute == Recompute::kNone
                                                ? Activations::Keep::kAllLayers
                                                : Activations::Keep::kInputs,
                                    .optimizer_bytes = find_optimizer(stage.optimizer.kind).memory(table)};
    const WeightCopies copies = {.bf16 = computes_in_bf16(recipe), .others = models_up_to(needs, i)};
    plan.stages.push_back({stage.title(), plan_memory(plan.model, copies, training,
                                                      generation_of(recipe, i, needs[i], plan.model))});
  }
  return plan;
}

void require_memory(const RecipePlan& plan, int64_t available) {
  constexpr double kGib = 1 << 30;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const MemoryPlan& memory = plan.stages[i].memory;
    if (memory.total() <= available) continue;
    const MemoryPart& largest = memory.largest();
    throw Error(fmt::format("stage.{}", i),
                fmt::format("it needs {:.2f} GiB of memory and {:.2f} are available; the largest part is "
                            "{} with {:.2f}",
                            static_cast<double>(memory.total()) / kGib, static_cast<double>(available) / kGib,
                            largest.name, static_cast<double>(largest.bytes) / kGib),
                largest.remedy);
  }
}

}  // namespace deepscaler
