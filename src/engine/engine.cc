#include "engine/engine.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace deepscaler {

Engine::Engine(Model model, const EngineOptions& options, const Device& device)
    : model_(std::make_unique<Model>(std::move(model))),
      options_(options),
      device_(device),
      generator_(*model_, options.kv_memory_bytes, device) {}

TrainStep& Engine::step() {
  if (!step_) {
    step_ = std::make_unique<TrainStep>(*model_,
                                        StepOptions{.token_budget = options_.token_budget,
                                                    .recompute = options_.recompute,
                                                    .gradients = options_.gradients},
                                        device_);
  }
  return *step_;
}

Optimizer& Engine::optimizer(const OptimizerConfig& config) {
  if (!optimizer_) begin_optimizer(config);
  return *optimizer_;
}

GroupScores Engine::score(std::span<const TokenGroup> groups, float temperature) {
  return step().score(groups, temperature);
}

GroupValues Engine::values(std::span<const TokenGroup> groups, TokenRow token_row) {
  return step().values(groups, token_row);
}

void Engine::accumulate(std::span<const TokenGroup> groups, Head& head,
                        const std::function<void(int64_t)>& progress) {
  if (std::exchange(gradient_is_used_, false)) step().clear_gradients();
  try {
    step().accumulate(groups, head, progress);
  } catch (...) {
    gradient_is_used_ = true;
    throw;
  }
}

double Engine::update(const OptimizerConfig& config, float lr) {
  DEEPSCALER_CHECK(!gradient_is_used_, "an update without a gradient");
  gradient_is_used_ = true;
  step().add_up_gradients();
  return optimizer(config).step(config, lr, gradients(), model_->edit_weights().data());
}

void Engine::begin_optimizer(const OptimizerConfig& config) {
  optimizer_.reset();  // before the new one takes memory
  optimizer_ = find_optimizer(config.kind).make(model_->table());
}

std::span<const float> Engine::gradients() const {
  return step_ ? std::as_const(*step_).gradients() : std::span<const float>();
}

void Engine::copy_weights_from(const Model& other) { copy_parameters(other, *model_); }

void Engine::release_workspace() {
  if (step_) step_->release_workspace();
}

void Engine::save_optimizer(const std::filesystem::path& file) const {
  if (optimizer_) optimizer_->save(file);
}

void Engine::load_optimizer(const std::filesystem::path& file, const OptimizerConfig& config) {
  begin_optimizer(config);
  optimizer_->load(file);
}

}  // namespace deepscaler
