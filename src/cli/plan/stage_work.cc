#include "cli/plan/stage_work.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "formats/jsonl.h"
#include "model/kv_cache.h"

namespace deepscaler {
namespace {

LengthModel lengths_in(const std::vector<std::string>& files) {
  std::vector<int64_t> lengths;
  for (const std::string& file : files) {
    JsonlReader lines(file);
    for (nlohmann::json line; lines.next(line);) {
      if (!line.contains("token_ids") || !line["token_ids"].is_array()) {
        throw Error(lines.where(), "has no token_ids", "name files of a run's rollouts");
      }
      lengths.push_back(std::ssize(line["token_ids"]));
    }
  }
  if (lengths.empty()) throw Error(files.front(), "has no responses", "name files of a run's rollouts");
  return LengthModel::of_samples(std::move(lengths));
}

LengthModel responses_of(const AssumedLengths& assumed) {
  if (!assumed.rollouts.empty()) return lengths_in(assumed.rollouts);
  return LengthModel::log_normal(assumed.mean, assumed.p90);
}

int64_t evaluations_of(const Recipe& recipe, size_t stage, int64_t steps) {
  const int64_t every = recipe.evaluates_every(stage);
  const int64_t inside = every > 0 ? (steps - 1) / every : 0;
  return inside + (recipe.stages[stage].eval.at_end ? 1 : 0) + (stage == 0 ? 1 : 0);
}

const AssumedLengths& assumed_of(const Assumptions& assumptions, const StageConfig& stage,
                                 const std::string& where) {
  const auto found = std::ranges::find(assumptions.stages, stage.title(), &AssumedLengths::stage);
  if (found != assumptions.stages.end()) return *found;
  throw Error(where, fmt::format("says nothing of the stage \"{}\"", stage.title()),
              fmt::format("add [[stage]] with name = \"{}\"", stage.title()));
}

}  // namespace

void bind(ConfigSection& section, AssumedLengths& lengths) {
  section.field("name", lengths.stage, "of the stage in the recipe").required();
  section.field("mean", lengths.mean, "tokens of a response, before the limit cuts it").at_least(0);
  section.field("p90", lengths.p90, "the length that a tenth of responses exceed, at most 2.27 mean")
      .at_least(0);
  section.field("rollouts", lengths.rollouts, "files of a run's rollouts, in place of mean and p90");
  section.field("prompt_tokens", lengths.prompt_tokens, "of a prompt").at_least(1);
  section.field("example_tokens", lengths.example_tokens, "of an example of a stage that samples nothing")
      .at_least(0);
  const bool is_stated = lengths.mean > 0 || lengths.p90 > 0;
  section.require(!is_stated || (lengths.mean < lengths.p90 && lengths.p90 <= 2.27 * lengths.mean), "p90",
                  "belongs to no distribution of this mean", "give mean < p90 <= 2.27 mean");
}

void bind(ConfigSection& section, Assumptions& assumptions) {
  section.sections("stage", assumptions.stages, "how long the texts of a stage are");
  section.field("eval_problems", assumptions.eval_problems, "of [eval]").at_least(0);
  section.field("sources", assumptions.sources, "where the figures are from");
}

int64_t kv_positions(const Recipe& recipe, const ModelConfig& model) {
  const AttentionShape shape =
      attention_shape(model, kv_store_of(compute_type_from_name(recipe.model.dtype)));
  return (recipe.model.kv_memory_mib << 20) / KvCache::block_bytes(shape, model.layers) * kKeysPerBlock;
}

std::vector<StageWork> stage_work(const Recipe& recipe, const ModelConfig& model,
                                  const Assumptions& assumptions, const std::string& where) {
  std::vector<StageWork> stages;
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const StageConfig& stage = recipe.stages[i];
    const StageNeeds needs = stage.settings().needs(model);
    const std::optional<int64_t> steps = stage.settings().steps();
    if (!steps) {
      throw Error(fmt::format("stage.{}", i), "states epochs, whose number of steps depends on the data",
                  fmt::format("give --set stage.{}.steps=N", i));
    }
    const AssumedLengths& assumed = assumed_of(assumptions, stage, where);
    StageWork work = {.name = stage.title(), .steps = *steps};
    work.step = {.draws = needs.samples > 0,
                 .updates = needs.updates,
                 .epochs = needs.epochs,
                 .scored = std::ssize(needs.models) + std::ssize(needs.fixed_models),
                 .trained = 1 + std::ssize(needs.trained_models),
                 .token_budget = recipe.token_budget};
    if (work.step.draws) {
      work.groups = needs.problems;
      work.samples = needs.samples;
      work.limit = needs.response_tokens;
      work.lengths = {responses_of(assumed), assumed.prompt_tokens};
    } else {
      work.groups = std::max<int64_t>(1, needs.examples);
      const double usual = stage.settings().tokens_of_step() / static_cast<double>(work.groups);
      work.limit =
          assumed.example_tokens > 0 ? assumed.example_tokens : std::max<int64_t>(1, std::llround(usual));
      work.lengths = {LengthModel::constant(work.limit), 1};
    }
    if (work.step.draws && !recipe.eval.data.empty()) {
      work.evaluations = evaluations_of(recipe, i, *steps);
      work.eval_problems = assumptions.eval_problems > 0 ? assumptions.eval_problems : recipe.eval.data.count;
      work.eval_samples = recipe.evaluation_samples(i);
      work.eval_limit = recipe.eval.config.sampling.max_response_tokens;
    }
    stages.push_back(std::move(work));
  }
  return stages;
}

}  // namespace deepscaler
