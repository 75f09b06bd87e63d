#include "run/checkpoints.h"

#include <nlohmann/json.hpp>

#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

nlohmann::ordered_json state_with_model(const RunState& state, const Models& models) {
  nlohmann::ordered_json json = state_json(state);
  json["model"] = models.policy().model().hash();
  return json;
}

}  // namespace

void Checkpoints::save(const RunState& state, const Models& models, bool stage_is_over) {
  const auto json = state_with_model(state, models);
  writer_.checkpoint(state.step, {.model = models.policy().model(),
                                  .tokenizer = tokenizer_,
                                  .state = json,
                                  .save_training = [&](const fs::path& folder) {
                                    models.policy().save_optimizer(CheckpointLayout{folder}.optimizer());
                                    models.save_others(folder, tokenizer_);
                                  }});
  saved_step_ = state.step;
  tidy(state, stage_is_over);
}

void Checkpoints::save_state(const RunState& state, const Models& models, bool stage_is_over) {
  writer_.checkpoint_state(state.step, state_with_model(state, models));
  tidy(state, stage_is_over);
}

void Checkpoints::tidy(const RunState& state, bool stage_is_over) {
  std::vector<int64_t> kept = state.stage_ends;
  if (stage_is_over) kept.push_back(state.step);
  for (size_t i = 0; i < kept.size(); ++i) {
    const std::string name = numbered_name(static_cast<int64_t>(i) + 1, recipe_.stages[i].title());
    writer_.link(writer_.layout().checkpoint_link(name), kept[i]);
  }
  if (recipe_.output.keep_best && state.best && fs::exists(writer_.layout().checkpoint(state.best->step))) {
    kept.push_back(state.best->step);
    writer_.link(writer_.layout().best(), state.best->step);
  }
  writer_.prune(recipe_.output.keep_last, recipe_.output.keep_full_every, kept);
}

void Checkpoints::load_training(const fs::path& checkpoint, const RunState& state, const StageConfig& stage,
                                Models& models) {
  if (const fs::path file = CheckpointLayout{checkpoint}.optimizer(); fs::exists(file)) {
    models.policy().load_optimizer(file, stage.optimizer);
  }
  models.load_others(checkpoint, state.models, [&](std::string_view name) -> const OptimizerConfig& {
    return stage.settings().optimizer_of(name, stage);
  });
}

}  // namespace deepscaler
