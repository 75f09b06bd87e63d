#include "rl/plan.h"

#include <algorithm>

#include "base/error.h"
#include "infer/scheduler.h"
#include "model/kv_cache.h"
#include "model/model.h"

namespace deepscaler {
namespace {

// Prompts are not known before the data are read; few of them are longer.
constexpr int64_t kPromptTokens = 256;

int64_t blocks_for(int64_t tokens) { return (tokens + kKeysPerBlock - 1) / kKeysPerBlock; }

// As Engine::generate() counts.
int64_t useful_blocks(int64_t prompts, int64_t samples, int64_t new_tokens) {
  return prompts * (blocks_for(kPromptTokens) + samples * (blocks_for(new_tokens) + 1));
}

bool evaluates(const Recipe& recipe) {
  return !recipe.eval.data.files.empty() || !recipe.eval.data.kinds.empty();
}

GenerationShape generation_of(const Recipe& recipe, size_t number, const ModelConfig& config) {
  const StageConfig& stage = recipe.stages[number];
  int64_t blocks = 0, sequences = 0;
  if (stage.kind != "sft") {
    const auto& sampling = stage.grpo.sampling;
    blocks =
        useful_blocks(sampling.problems_per_step, sampling.samples_per_problem, sampling.max_response_tokens);
    sequences = sampling.problems_per_step * sampling.samples_per_problem;
  }
  if (evaluates(recipe)) {
    // Problems in files are not counted here: as many as the memory holds.
    const int64_t problems = recipe.eval.data.files.empty() ? recipe.eval.data.count : 1 << 20;
    const int64_t samples = recipe.evaluation_samples(number);
    blocks = std::max(blocks, useful_blocks(problems, samples, recipe.eval.sampling.max_new_tokens));
    sequences = std::max(sequences, problems * samples);
  }
  const int64_t limit = (recipe.model.kv_memory_mib << 20) / KvCache::block_bytes(config);
  const int64_t rows = SchedulerConfig().max_rows;
  return {.kv_blocks = std::min(blocks, limit),
          .rows = rows,
          .head_rows = std::min({kHeadRows, sequences, rows})};
}

WeightCopies copies_of(const Recipe& recipe, const StageConfig& stage) {
  return {.bf16 = compute_type_from_name(recipe.model.dtype) == ComputeType::kBf16,
          .reference = stage.kind != "sft" && stage.grpo.loss.uses_reference()};
}

int64_t longest_sequence(const StageConfig& stage, const ModelConfig& config) {
  if (stage.kind == "sft") return stage.sft.max_tokens;
  return std::min(config.context, stage.grpo.sampling.max_response_tokens);
}

}  // namespace

RecipePlan plan_recipe(const Recipe& recipe) {
  RecipePlan plan;
  plan.model = read_model_config(recipe.model.path.empty() ? recipe.model.random : recipe.model.path);
  plan.parameters = ParameterTable(plan.model).count();
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const StageConfig& stage = recipe.stages[i];
    const TrainingShape training = {
        .rows = std::max(recipe.token_budget, longest_sequence(stage, plan.model)),
        .keep = recipe.recompute == Recompute::kNone ? Activations::Keep::kAllLayers
                                                     : Activations::Keep::kInputs};
    plan.stages.push_back(
        {stage.name.empty() ? stage.kind : stage.name,
         plan_memory(plan.model, copies_of(recipe, stage), training, generation_of(recipe, i, plan.model))});
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
