// A stage of on-policy distillation: GRPO's loop, in which a teacher gives credit to each token that the
// policy has sampled (add_teacher_credit in rl/credit.h). Rewards are off unless their weights are set.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "run/stages/grpo_stage.h"

namespace deepscaler {

class DistillSettings final : public GrpoSettings {
 public:
  DistillSettings();

  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<DistillSettings>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const StageConfig& stage, const std::string& where) const override;
  [[nodiscard]] std::vector<std::string*> files() override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> earlier_stages() const override;
  [[nodiscard]] StageNeeds needs(const ModelConfig& model) const override;
};

}  // namespace deepscaler
