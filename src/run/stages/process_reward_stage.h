// A stage that trains a process reward model beside the policy; the loss is in train/process_reward_loss. The
// policy stays as it is. The model is `process-reward` among the run's models (engine/models.h), so each
// checkpoint has it as models/process-reward: a folder that transformers loads as ...ForTokenClassification.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "run/stages/fixed_model.h"
#include "run/stages/passes_stage.h"
#include "train/process_reward_loss.h"

namespace deepscaler {

inline constexpr std::string_view kProcessReward = "process-reward";

class ProcessRewardSettings final : public StageSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<ProcessRewardSettings>(*this);
  }
  void bind(ConfigSection& section) override { deepscaler::bind(section, config); }
  void validate(const StageConfig& stage, const std::string& where) const override;
  [[nodiscard]] std::vector<std::string*> files() override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> earlier_stages() const override;
  [[nodiscard]] std::optional<int64_t> steps() const override { return config.passes.steps; }
  [[nodiscard]] double tokens_of_step() const override;
  [[nodiscard]] StageNeeds needs(const ModelConfig& model) const override;
  [[nodiscard]] std::unique_ptr<Stage> make(const StageConfig& stage,
                                            const StageContext& context) const override;

  ProcessRewardConfig config;
};

class ProcessRewardStage final : public PassesStage {
 public:
  ProcessRewardStage(const ProcessRewardConfig& config, const StageConfig& stage,
                     const StageContext& context);

  [[nodiscard]] int64_t problems() const override { return std::ssize(answers_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;
  [[nodiscard]] int64_t held_out_examples() const override { return std::ssize(held_out_); }
  [[nodiscard]] Metrics measure_held_out() override;
  void end() override { context_.models.remove(kProcessReward); }

 private:
  [[nodiscard]] std::vector<StepwiseAnswer> read(const std::vector<std::string>& names,
                                                 const char* what) const;
  // Made where it is not there yet.
  [[nodiscard]] Engine& model();

  const ProcessRewardConfig& config_;
  std::vector<StepwiseAnswer> answers_, held_out_;
  std::optional<FixedModel> source_;  // where it is not the policy
};

}  // namespace deepscaler
