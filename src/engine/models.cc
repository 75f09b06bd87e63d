#include "engine/models.h"

#include <utility>

#include "base/error.h"
#include "model/adapter_file.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// A model beside the policy has the files of a checkpoint too.
CheckpointLayout layout_of(const fs::path& checkpoint, std::string_view name) {
  return {CheckpointLayout{checkpoint}.models() / name};
}

Model copy_of(const Model& model) {
  if (model.base()) return model.copy_over_same_base();
  Model copy(model.config());
  copy.compute_in(model.compute_type());
  copy_parameters(model, copy);
  return copy;
}

}  // namespace

Model load_beside(const Model& policy, const fs::path& folder) {
  if (policy.base() && is_adapter(folder)) {
    Model model = policy.copy_over_same_base();
    read_adapter(folder, model);
    return model;
  }
  Model model = Model::load(folder);
  model.compute_in(policy.compute_type());
  return model;
}

Models::Models(std::unique_ptr<Engine> policy) { put(kPolicy, std::move(policy)); }

Engine* Models::find(std::string_view name) {
  const auto found = engines_.find(name);
  return found == engines_.end() ? nullptr : found->second.get();
}

Engine& Models::put(std::string_view name, std::unique_ptr<Engine> engine) {
  auto& place = engines_[std::string(name)];
  place = std::move(engine);
  return *place;
}

Engine& Models::put_copy_of_policy(std::string_view name) {
  if (Engine* there = find(name)) {  // its memory serves again
    there->copy_weights_from(policy().model());
    return *there;
  }
  return put(name, std::make_unique<Engine>(copy_of(policy().model()), policy().options()));
}

void Models::remove(std::string_view name) {
  DEEPSCALER_CHECK(name != kPolicy);
  if (const auto found = engines_.find(name); found != engines_.end()) engines_.erase(found);
  if (const auto found = scales_.find(name); found != scales_.end()) scales_.erase(found);
}

void Models::set_score_scale(std::string_view name, const ScoreScale& scale) {
  scales_[std::string(name)] = scale;
}

void Models::release_workspaces() {
  for (const auto& entry : engines_) entry.second->release_workspace();
}

void Models::save_others(const fs::path& checkpoint, const Tokenizer& tokenizer) const {
  for (const auto& [name, engine] : engines_) {
    if (name == kPolicy) continue;
    const CheckpointLayout layout = layout_of(checkpoint, name);
    fs::create_directories(layout.path);
    save_model(engine->model(), layout.path);
    if (engine->model().config().scalar_head()) tokenizer.save(layout.path);
    if (const auto scale = scales_.find(name); scale != scales_.end()) {
      write_score_scale(layout.path, scale->second);
    }
    engine->save_optimizer(layout.optimizer());
  }
}

std::map<std::string, std::string> Models::hashes() const {
  std::map<std::string, std::string> hashes;
  for (const auto& [name, engine] : engines_) {
    if (name != kPolicy) hashes[name] = engine->model().hash();
  }
  return hashes;
}

void Models::load_others(const fs::path& checkpoint, const std::map<std::string, std::string>& hashes,
                         const std::function<const OptimizerConfig&(std::string_view)>& optimizer_of) {
  for (const auto& [name, hash] : hashes) {
    const CheckpointLayout layout = layout_of(checkpoint, name);
    Model model = load_beside(policy().model(), layout.path);
    if (model.hash() != hash) {
      throw Error(layout.path.string(), "its weights are not those that were saved",
                  "the checkpoint is damaged: remove its folder and go on from an earlier one");
    }
    Engine& engine = put(name, std::make_unique<Engine>(std::move(model), policy().options()));
    if (engine.model().config().scalar_head()) {
      if (const auto scale = read_score_scale(layout.path)) set_score_scale(name, *scale);
    }
    if (fs::exists(layout.optimizer())) engine.load_optimizer(layout.optimizer(), optimizer_of(name));
  }
}

}  // namespace deepscaler
