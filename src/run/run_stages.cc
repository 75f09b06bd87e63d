#include "run/run_stages.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "model/lora.h"
#include "run/start.h"

namespace deepscaler {
namespace {

std::string section_of(int64_t stage) { return fmt::format("stage.{}", stage); }

// What the recipe's first stage begins with. A new adapter stands on the policy's base.
Model first_model_beside(const Model& policy, const Recipe& recipe) {
  if (!policy.base()) return load_first_model(recipe);
  Model model = policy.copy_over_same_base();
  begin_adapter(model.table(), recipe.lora, static_cast<uint64_t>(recipe.seed), model.edit_weights().data());
  return model;
}

}  // namespace

std::unique_ptr<Stage> RunStages::make(int64_t number, const RunState& state) const {
  const StageConfig& config = recipe_.stages[static_cast<size_t>(number)];
  return config.settings().make(
      config, {.models = models_,
               .encoder = encoder_,
               .section = section_of(number),
               .seed = static_cast<uint64_t>(recipe_.seed),
               .output_of = [this, number,
                             &state](const std::string& name) { return output_of(number, name, state); },
               .checkpoint_of = [this, number, &state](
                                    const std::string& name) { return checkpoint_of(number, name, state); },
               .carried = state.carried});
}

std::filesystem::path RunStages::checkpoint_of(int64_t number, const std::string& name,
                                               const RunState& state) const {
  const size_t stage = *earlier_stage(recipe_, static_cast<size_t>(number), name);
  return folder_.layout().checkpoint(state.stage_ends[stage]);
}

std::filesystem::path RunStages::output_of(int64_t number, const std::string& name,
                                           const RunState& state) const {
  const auto stage = static_cast<int64_t>(*earlier_stage(recipe_, static_cast<size_t>(number), name));
  const std::string where = fmt::format("{}.data.from", section_of(number));
  const StageOutput* output = state.output_of(stage);
  if (output == nullptr) {
    throw Error(where, fmt::format("stage \"{}\" has written nothing", name),
                "name a stage that writes a data set, with samples that pass its filters");
  }
  const auto file = folder_.layout().output(stage, recipe_.stages[static_cast<size_t>(stage)].title());
  if (sha256_of_file(file) != output->sha256) {
    throw Error(file.string(), "is not what the stage has written",
                "put it back, or go on from a checkpoint inside that stage");
  }
  return file;
}

std::map<std::string, std::string> RunStages::open(const RunState& state) {
  std::map<std::string, std::string> hashes;
  steps_.clear();
  for (int64_t i = 0; i < std::ssize(recipe_.stages); ++i) {
    const std::optional<int64_t> steps = recipe_.stages[static_cast<size_t>(i)].settings().steps();
    steps_.push_back(i < state.stage ? steps.value_or(0) : 0);
  }
  for (int64_t i = state.stage; i < std::ssize(recipe_.stages); ++i) {
    const bool under_way = i == state.stage;
    const StageConfig& config = recipe_.stages[static_cast<size_t>(i)];
    note_steps(i, config.settings().steps().value_or(0));
    if (!under_way && (!config.data.from.empty() || !config.settings().earlier_stages().empty())) continue;
    std::unique_ptr<Stage> stage = make(i, state);
    hashes[section_of(i)] = stage->data_hash();
    note_steps(i, stage->steps());
    if (under_way) stage_ = std::move(stage);
  }
  checked_ = hashes;
  return hashes;
}

// Once a number is known, whether it leaves room for the warm-up.
void RunStages::note_steps(int64_t number, int64_t steps) {
  int64_t& known = steps_[static_cast<size_t>(number)];
  if (steps == known) return;
  known = steps;
  const int64_t warmup = recipe_.stages[static_cast<size_t>(number)].optimizer.schedule.warmup_steps;
  if (warmup > steps) {
    log_warning("{}.optimizer.warmup_steps is {} and the stage has {} steps, so its rate never reaches lr",
                section_of(number), warmup, steps);
  }
}

std::pair<std::string, std::string> RunStages::begin_next(RunState& state) {
  stage_->end();
  stage_.reset();  // before the next one's data take memory
  state.stage_ends.push_back(state.step);
  if (!state.outputs.empty() && state.outputs.back().stage == state.stage) {
    StageOutput& output = state.outputs.back();
    output.sha256 = sha256_of_file(folder_.layout().output(state.stage, config(state).title()));
  }
  ++state.stage;
  state.stage_step = 0;
  state.history = {};
  state.carried = {};
  state.evaluated = true;  // what follows a stage has been evaluated, if it is to be
  take_start_weights(state);
  const OptimizerConfig& optimizer = config(state).optimizer;
  if (optimizer.start == OptimizerStart::kReset) models_.policy().begin_optimizer(optimizer);
  stage_ = make(state.stage, state);
  note_steps(state.stage, stage_->steps());
  const std::string section = section_of(state.stage), hash = stage_->data_hash();
  const auto checked = checked_.find(section);
  if (checked != checked_.end() && checked->second != hash) {
    throw Error(section + ".data", "has changed since the run was begun",
                "put the files back as they were, and give the same command again");
  }
  return {section, hash};
}

void RunStages::take_start_weights(const RunState& state) {
  const std::string& start = config(state).start;
  Engine& policy = models_.policy();
  if (start == "recipe") {
    policy.copy_weights_from(first_model_beside(policy.model(), recipe_));
  } else if (const auto name = stage_named_in(start)) {
    policy.copy_weights_from(load_beside(policy.model(), checkpoint_of(state.stage, *name, state)));
  }
}

}  // namespace deepscaler
