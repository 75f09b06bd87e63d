#include "run/plan.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "infer/scheduler.h"
#include "model/kv_cache.h"
#include "model/model.h"

namespace deepscaler {
namespace {

// Prompts are not known before the data are read; few of them are longer.
constexpr int64_t kPromptTokens = 256;

bool computes_in_bf16(const Recipe& recipe) {
  return compute_type_from_name(recipe.model.dtype) == ComputeType::kBf16;
}

GenerationShape generation_of(const Recipe& recipe, size_t number, const ModelConfig& config) {
  const StageConfig& stage = recipe.stages[number];
  int64_t blocks = 0, sequences = 0;
  if (stage.kind != "sft") {
    const RolloutConfig& rollout = stage.grpo.rollout;
    blocks = rollout.problems_per_step * blocks_for_group(kPromptTokens, rollout.samples_per_problem,
                                                          rollout.sampling.max_response_tokens);
    sequences = rollout.problems_per_step * rollout.samples_per_problem;
  }
  if (!recipe.eval.data.empty()) {
    // Problems in files are not counted here: as many as the memory holds.
    const int64_t problems = recipe.eval.data.files.empty() ? recipe.eval.data.count : 1 << 20;
    const int64_t samples = recipe.evaluation_samples(number);
    blocks = std::max(blocks, problems * blocks_for_group(kPromptTokens, samples,
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

// A reference model stays in memory through stages that do not use it: a later one may keep it.
WeightCopies copies_of(const Recipe& recipe, size_t number) {
  const auto up_to_here = std::span(recipe.stages).first(number + 1);
  return {.bf16 = computes_in_bf16(recipe),
          .reference = std::ranges::any_of(up_to_here, [](const StageConfig& stage) {
            return stage.kind != "sft" && stage.grpo.loss.uses_reference();
          })};
}

int64_t longest_sequence(const StageConfig& stage, const ModelConfig& config) {
  if (stage.kind == "sft") return stage.sft.max_tokens;
  const RolloutConfig& rollout = stage.grpo.rollout;
  return std::min(config.context,
                  rollout.max_prompt_tokens.value_or(kPromptTokens) + rollout.sampling.max_response_tokens);
}

}  // namespace

RecipePlan plan_recipe(const Recipe& recipe, const std::filesystem::path& model) {
  RecipePlan plan;
  plan.model = read_model_config(model);
  plan.model.attention.bf16 = computes_in_bf16(recipe);
  plan.parameters = ParameterTable(plan.model).count();
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const StageConfig& stage = recipe.stages[i];
    const TrainingShape training = {
        .rows = std::max(recipe.token_budget, longest_sequence(stage, plan.model)),
        .keep = recipe.recompute == Recompute::kNone ? Activations::Keep::kAllLayers
                                                     : Activations::Keep::kInputs};
    plan.stages.push_back({stage.title(), plan_memory(plan.model, copies_of(recipe, i), training,
                                                      generation_of(recipe, i, plan.model))});
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
