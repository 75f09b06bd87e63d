// A stage of direct preference optimization; the loss is in train/preference_loss.
//
// A step scores its pairs by the reference and by the policy, and then goes over them once more for the
// gradient, which is known by then. That is a forward pass more than where a pair's two answers must fit into
// one micro-batch, and lets them be of any length.
#pragma once

#include <memory>
#include <optional>

#include "run/stages/fixed_model.h"
#include "run/stages/passes_stage.h"
#include "train/preference_loss.h"

namespace deepscaler {

class DpoSettings final : public StageSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<DpoSettings>(*this);
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

  PreferenceConfig config;
};

class DpoStage final : public PassesStage {
 public:
  DpoStage(const PreferenceConfig& config, const StageConfig& stage, const StageContext& context);

  [[nodiscard]] int64_t problems() const override { return std::ssize(pairs_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 private:
  void leave_out_long_pairs();
  void check_reference() const;
  [[nodiscard]] Engine& reference();
  // Nothing where the pairs hold the reference's log-probabilities.
  [[nodiscard]] GroupScores reference_scores(const std::vector<TokenGroup>& groups);

  const PreferenceConfig& config_;
  std::vector<PreferencePair> pairs_;
  std::optional<FixedModel> model_;  // the reference, where it is neither the start nor in the data
};

}  // namespace deepscaler
