// A stage of reinforcement learning with verifiable rewards, with credit by a teacher where the settings name
// one; the algorithm is in rl/grpo.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rl/grpo.h"
#include "rl/grpo_config.h"
#include "run/stages/fixed_model.h"
#include "run/stages/stage_config.h"

namespace deepscaler {

class GrpoSettings : public StageSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<GrpoSettings>(*this);
  }
  void bind(ConfigSection& section) override { deepscaler::bind(section, config); }
  void validate(const StageConfig&, const std::string& where) const override {
    deepscaler::validate(config, where);
  }
  [[nodiscard]] std::vector<std::string*> files() override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> earlier_stages() const override;
  [[nodiscard]] std::optional<int64_t> steps() const override { return config.steps; }
  [[nodiscard]] bool samples_responses() const override { return true; }
  [[nodiscard]] double tokens_of_step() const override;
  [[nodiscard]] StageNeeds needs(const ModelConfig& model) const override;
  [[nodiscard]] std::unique_ptr<Stage> make(const StageConfig& stage,
                                            const StageContext& context) const override;

  GrpoConfig config;
};

class GrpoStage : public Stage {
 public:
  GrpoStage(const GrpoConfig& config, const StageConfig& stage, const StageContext& context);

  [[nodiscard]] int64_t steps() const override { return config_.steps; }
  [[nodiscard]] int64_t problems() const override { return std::ssize(problems_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 protected:
  // The algorithm: one step, with the step's learning rate.
  [[nodiscard]] virtual GrpoStepResult take_step(const OptimizerConfig& optimizer, const GrpoDraw& draw,
                                                 const GrpoSources& sources);
  [[nodiscard]] virtual bool uses_reference() const { return config_.loss.uses_reference(); }
  [[nodiscard]] const StageContext& context() const { return context_; }

 private:
  void begin_reference();
  void load_reward_models();
  // Of the reward models, which are then in memory.
  [[nodiscard]] std::vector<RewardScorer> scorers();
  // Throws Error where a teacher or a reward model can't read the groups.
  void require_readable(std::vector<RolloutGroup>& groups);

  const GrpoConfig& config_;
  const StageConfig& stage_;
  StageContext context_;
  std::vector<Problem> problems_;
  std::optional<FixedModel> teacher_;
  std::vector<std::unique_ptr<FixedModel>> reward_models_;  // of config.reward.models
};

}  // namespace deepscaler
