// A stage of rejection sampling: it samples responses to each of its problems once, grades them, and writes
// those that pass its filter as a data set for later stages (DeepSeek-R1, section 2.3.3). Weights stay as
// they are.
//
// A line of the data set is a problem with its traces (generate/trace_set.h). Every sample is in the step's
// rollouts; those that the data set is without have beside their rewards a "rejected/REASON" of 1
// (generate/trace_filter.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "generate/trace_filter.h"
#include "rl/reward/reward.h"
#include "run/stages/fixed_model.h"
#include "run/stages/stage_config.h"

namespace deepscaler {

struct RejectionConfig {
  std::string model;  // who answers: a path or "stage NAME"; empty: the policy
  int64_t problems_per_step = 8;
  int64_t samples_per_problem = 8;
  SamplingConfig sampling;
  RewardConfig reward;
  TraceFilterConfig keep;
};

void bind(ConfigSection& section, RejectionConfig& config);

class RejectionSettings final : public StageSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<RejectionSettings>(*this);
  }
  void bind(ConfigSection& section) override { deepscaler::bind(section, config); }
  void validate(const StageConfig&, const std::string& where) const override;
  [[nodiscard]] std::vector<std::string*> files() override { return {&config.model}; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> earlier_stages() const override;
  [[nodiscard]] bool writes_data() const override { return true; }
  [[nodiscard]] std::optional<int64_t> steps() const override { return std::nullopt; }
  [[nodiscard]] bool samples_responses() const override { return true; }
  [[nodiscard]] double tokens_of_step() const override;
  [[nodiscard]] StageNeeds needs(const ModelConfig& model) const override;
  [[nodiscard]] std::unique_ptr<Stage> make(const StageConfig& stage,
                                            const StageContext& context) const override;

  RejectionConfig config;
};

class RejectionStage final : public Stage {
 public:
  RejectionStage(const RejectionConfig& config, const StageConfig& stage, const StageContext& context);

  [[nodiscard]] int64_t steps() const override;
  [[nodiscard]] int64_t problems() const override { return std::ssize(problems_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 private:
  // Chooses the traces of a group; marks and counts the samples that are left out by their reasons.
  [[nodiscard]] std::vector<std::string> choose(RolloutGroup& group,
                                                std::map<std::string, int64_t>& reasons) const;

  const RejectionConfig& config_;
  StageContext context_;
  std::vector<Problem> problems_;
  std::optional<FixedModel> model_;  // else the policy
};

}  // namespace deepscaler
