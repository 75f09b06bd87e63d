// A stage that trains a reward model beside the policy; the losses are in train/reward_loss. The policy stays
// as it is. The reward model is `reward` among the run's models (engine/models.h), so each checkpoint has it
// as models/reward: a folder that transformers loads as ...ForSequenceClassification.
//
// A step scores its examples and then goes over them once more for the gradient, which is known by then; so a
// pair's two answers need not fit into one micro-batch.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "run/stages/fixed_model.h"
#include "run/stages/passes_stage.h"
#include "train/reward_loss.h"

namespace deepscaler {

class RewardModelSettings final : public StageSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<RewardModelSettings>(*this);
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

  RewardModelConfig config;
};

class RewardModelStage final : public PassesStage {
 public:
  RewardModelStage(const RewardModelConfig& config, const StageConfig& stage, const StageContext& context);

  [[nodiscard]] int64_t problems() const override { return std::ssize(examples_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;
  [[nodiscard]] int64_t held_out_examples() const override { return std::ssize(held_out_); }
  [[nodiscard]] Metrics measure_held_out() override;
  void end() override { context_.models.remove(kReward); }

 private:
  void leave_out_long(std::vector<RewardExample>& examples, const char* what) const;
  void hold_out();
  // Made where it is not there yet.
  [[nodiscard]] Engine& model();
  [[nodiscard]] std::vector<ExampleScores> score(const std::vector<const RewardExample*>& examples);
  void note_scale();

  const RewardModelConfig& config_;
  std::vector<RewardExample> examples_, held_out_;
  std::optional<FixedModel> source_;  // where it is not the policy
};

}  // namespace deepscaler
