#include "run/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "data/records.h"
#include "infer/scheduler.h"
#include "model/adapter_file.h"
#include "model/kv_cache.h"
#include "model/model.h"
#include "model/model_file.h"

namespace deepscaler {
namespace {

// The program, its tokenizer and a small data set, and what the heap leaves unused.
constexpr int64_t kProgramBytes = int64_t{128} << 20;

bool computes_in_bf16(const Recipe& recipe) {
  return compute_type_from_name(recipe.model.dtype) == ComputeType::kBf16;
}

// Files that can't be read now are counted as what fills the memory.
int64_t evaluation_problems(const DataConfig& data) {
  constexpr int64_t kUnknown = 1 << 20;
  int64_t problems = data.kinds.empty() ? 0 : data.count;
  try {
    for (const std::string& file : data.files) {
      for_each_record(file, [&](const nlohmann::json&, const std::string&) { ++problems; });
    }
  } catch (const Error&) {
    return kUnknown;
  }
  return problems;
}

GenerationShape generation_of(const Recipe& recipe, size_t number, const StageNeeds& needs,
                              const ModelConfig& config) {
  int64_t sequences = needs.problems * needs.samples;
  int64_t blocks = sequences == 0 ? 0
                                  : needs.problems * blocks_for_group(needs.prompt_tokens, needs.samples,
                                                                      needs.response_tokens);
  if (!recipe.eval.data.empty()) {
    const int64_t problems = evaluation_problems(recipe.eval.data);
    const int64_t samples = recipe.evaluation_samples(number);
    blocks = std::max(blocks, problems * blocks_for_group(kUsualPromptTokens, samples,
                                                          recipe.eval.config.sampling.max_response_tokens));
    sequences = std::max(sequences, problems * samples);
  }
  const int64_t limit =
      (recipe.model.kv_memory_mib << 20) /
      KvCache::block_bytes(attention_shape(config, kv_store_of(compute_type_from_name(recipe.model.dtype))),
                           config.layers);
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

// The weights of a stage's fixed models, with their rotary angles; of an earlier stage's adapter its own
// weights. A model that can't be read is one of the policy's shape: the stage says what is wrong with it.
void add_fixed_models(const StageNeeds& needs, const ModelConfig& policy,
                      const std::optional<AdaptedBase>& base, bool bf16, MemoryPlan& memory) {
  for (const FixedModelNeeds& model : needs.fixed_models) {
    const bool of_earlier_stage = stage_named_in(model.source).has_value();
    ModelConfig config = policy;
    try {
      if (!of_earlier_stage) config = read_model_config(model.source);
    } catch (const Error&) {
    }
    const ParameterTable table(config);
    const auto bytes = static_cast<int64_t>(sizeof(float));
    if (base && of_earlier_stage) {
      memory.parts.push_back({model.name + " adapter", MemoryPhase::kAlways,
                              adapted_table(table, base->lora).trainable_size() * bytes, "lower lora.rank"});
    } else {
      const int64_t angles = config.context * config.attention.head_dim * bytes;
      memory.parts.push_back({model.name + " model", MemoryPhase::kAlways,
                              table.size() * bytes + angles + (bf16 ? table.size() * bytes / 2 : 0),
                              "use a smaller model"});
    }
    if (!model.shows_logits) continue;
    memory.parts.push_back({model.name + " logits", MemoryPhase::kTraining,
                            kHeadRows * config.vocabulary * bytes, "use a model of a smaller vocabulary"});
  }
}

void require_whole_model(const Recipe& recipe) {
  if (!is_adapter(recipe.model.path)) return;
  throw Error("model.path",
              fmt::format("{} is an adapter, and a run begins with a whole model", recipe.model.path),
              "merge it into its base with `deepscaler convert`, and name that model");
}

// What the base of the recipe's adapter takes; nothing where all weights are trained.
std::optional<AdaptedBase> base_of(const Recipe& recipe) {
  if (recipe.lora.rank == 0) return std::nullopt;
  AdaptedBase base = {.lora = recipe.lora};
  const ModelFile file(recipe.model.path);
  for (const ParameterInfo& info : file.table().all()) {
    if (file.is_in_blocks(info))
      base.block_bytes += std::ssize(file.tensor(info).bytes);
    else
      base.floats += info.size;
  }
  return base;
}

// Scorers that a stage trains: weights, gradients and moments. Their workspace takes turns with the policy's.
void add_trained_models(const StageNeeds& needs, const ModelConfig& policy, bool bf16, bool fixed_sums,
                        MemoryPlan& memory) {
  for (const TrainedModelNeeds& model : needs.trained_models) {
    ModelConfig config = policy;
    try {
      if (model.source != "start" && !stage_named_in(model.source)) config = read_model_config(model.source);
    } catch (const Error&) {
    }
    config.head = HeadKind::kSequenceScore;
    const ParameterTable table(config);
    const auto bytes = static_cast<int64_t>(sizeof(float));
    const int64_t angles = config.context * config.attention.head_dim * bytes;
    memory.parts.push_back({model.name + " model", MemoryPhase::kAlways,
                            table.size() * bytes + angles + (bf16 ? table.size() * bytes / 2 : 0),
                            "use a smaller model"});
    memory.parts.push_back({model.name + " gradients", MemoryPhase::kAlways, table.trainable_size() * bytes,
                            "use a smaller model"});
    memory.parts.push_back({model.name + " optimizer", MemoryPhase::kAlways,
                            find_optimizer(model.optimizer).memory(table), "use a smaller model"});
    if (!fixed_sums) continue;
    memory.parts.push_back({model.name + " sums of gradients", MemoryPhase::kAlways, fixed_sum_memory(table),
                            "set gradients = \"f32\", on one rank"});
  }
}

}  // namespace

RecipePlan plan_recipe(const Recipe& recipe, const ModelConfig& model) {
  require_whole_model(recipe);
  RecipePlan plan;
  plan.model = model;
  const std::optional<AdaptedBase> base = base_of(recipe);
  const ParameterTable whole(plan.model);
  const ParameterTable table = base ? adapted_table(whole, base->lora) : whole;
  plan.parameters = whole.count();
  std::vector<StageNeeds> needs;
  for (const StageConfig& stage : recipe.stages) needs.push_back(stage.settings().needs(plan.model));
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    if (base && !needs[i].trained_models.empty()) {
      throw Error(fmt::format("stage.{}", i), "trains a scorer, which is not built beside an adapter",
                  "leave lora out, or the stage");
    }
    const StageConfig& stage = recipe.stages[i];
    const TrainingShape training = {.rows = std::max(recipe.token_budget, needs[i].longest_sequence),
                                    .keep = recipe.recompute == Recompute::kNone
                                                ? Activations::Keep::kAllLayers
                                                : Activations::Keep::kInputs,
                                    .optimizer_bytes = find_optimizer(stage.optimizer.kind).memory(table)};
    const WeightCopies copies = {.bf16 = computes_in_bf16(recipe), .others = models_up_to(needs, i)};
    MemoryPlan memory =
        plan_memory(plan.model, copies, training, generation_of(recipe, i, needs[i], plan.model), base);
    add_fixed_models(needs[i], plan.model, base, copies.bf16, memory);
    add_trained_models(needs[i], plan.model, copies.bf16, recipe.gradients == GradientSum::kFixed, memory);
    if (recipe.gradients == GradientSum::kFixed) {
      memory.parts.push_back({"sums of gradients", MemoryPhase::kAlways, fixed_sum_memory(table),
                              "set gradients = \"f32\", on one rank"});
    }
    memory.parts.push_back({"program and data", MemoryPhase::kAlways, kProgramBytes, "use less data"});
    plan.stages.push_back({stage.title(), std::move(memory)});
  }
  return plan;
}

}  // namespace deepscaler
