// A stage of supervised fine-tuning: the model learns to continue demonstrations.
#pragma once

#include <memory>

#include "run/stages/passes_stage.h"
#include "train/sft.h"

namespace deepscaler {

class SftSettings final : public StageSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<SftSettings>(*this);
  }
  void bind(ConfigSection& section) override { deepscaler::bind(section, config); }
  void validate(const StageConfig& stage, const std::string& where) const override;
  [[nodiscard]] std::vector<std::string*> files() override {
    std::vector<std::string*> files;
    for (std::string& file : config.eval_files) files.push_back(&file);
    return files;
  }
  [[nodiscard]] std::optional<int64_t> steps() const override { return config.passes.steps; }
  [[nodiscard]] double tokens_of_step() const override;
  [[nodiscard]] StageNeeds needs(const ModelConfig& model) const override;
  [[nodiscard]] std::unique_ptr<Stage> make(const StageConfig& stage,
                                            const StageContext& context) const override;

  SftConfig config;
};

class SftStage final : public PassesStage {
 public:
  SftStage(const SftConfig& config, const StageConfig& stage, const StageContext& context);

  [[nodiscard]] int64_t problems() const override { return std::ssize(examples_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] int64_t held_out_examples() const override { return std::ssize(held_out_); }
  [[nodiscard]] Metrics measure_held_out() override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 private:
  std::vector<Demonstration> examples_;
  std::vector<Demonstration> held_out_;
};

}  // namespace deepscaler
