// A stage of PPO: GRPO's loop with a critic; the algorithm is in rl/ppo. The critic is `critic` among the
// run's models (engine/models.h), so each checkpoint has it as models/critic.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rl/ppo.h"
#include "run/stages/fixed_model.h"
#include "run/stages/grpo_stage.h"

namespace deepscaler {

class PpoSettings final : public GrpoSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<PpoSettings>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const StageConfig& stage, const std::string& where) const override;
  [[nodiscard]] std::vector<std::string*> files() override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> earlier_stages() const override;
  [[nodiscard]] const OptimizerConfig& optimizer_of(std::string_view model,
                                                    const StageConfig& stage) const override;
  [[nodiscard]] StageNeeds needs(const ModelConfig& model) const override;
  [[nodiscard]] std::unique_ptr<Stage> make(const StageConfig& stage,
                                            const StageContext& context) const override;

  GaeConfig gae;
  CriticConfig critic;
};

class PpoStage final : public GrpoStage {
 public:
  PpoStage(const PpoSettings& settings, const StageConfig& stage, const StageContext& context);

  [[nodiscard]] std::string data_hash() const override;
  void end() override { context().models.remove(kCritic); }

 protected:
  [[nodiscard]] GrpoStepResult take_step(const OptimizerConfig& optimizer, const GrpoDraw& draw,
                                         const GrpoSources& sources) override;
  [[nodiscard]] bool uses_reference() const override;

 private:
  // Made where it is not there yet.
  [[nodiscard]] Engine& critic();

  const PpoSettings& settings_;
  std::optional<FixedModel> source_;  // of the critic, where it is not the policy
};

}  // namespace deepscaler
