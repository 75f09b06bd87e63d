// A stage that makes passes over examples and learns from a batch of them at a time: sft, dpo, gkd,
// reward-model, process-reward-model.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "data/epoch.h"
#include "run/stages/stage_config.h"

namespace deepscaler {

class PassesStage : public Stage {
 public:
  [[nodiscard]] int64_t steps() const final { return passes_.steps_over(problems()); }

 protected:
  // Both configurations must outlive the stage.
  PassesStage(const PassesConfig& passes, const StageConfig& stage, const StageContext& context)
      : stage_(stage), context_(context), passes_(passes) {}

  // The numbers of the step's examples.
  [[nodiscard]] std::vector<int64_t> batch_of(int64_t stage_step) const;

  // The gradient of the head's loss over the groups, a group an example, and the model's update. Records
  // epoch, then what `record` does, then grad_norm and learning_rate. StageStep::tokens must be set.
  void learn(Engine& model, std::span<const TokenGroup> groups, Head& head, int64_t stage_step,
             StageStep& result, const std::function<void(Metrics&)>& record);

  [[nodiscard]] Engine& policy() const { return context_.models.policy(); }

  const StageConfig& stage_;
  StageContext context_;

 private:
  const PassesConfig& passes_;
};

}  // namespace deepscaler
