// A stage of supervised fine-tuning: the model imitates worked solutions.
#pragma once

#include "rl/stage.h"
#include "train/sft.h"
#include "train/step.h"

namespace deepscaler {

class SftStage : public Stage {
 public:
  SftStage(const StageConfig& config, const StageWorkers& workers);

  [[nodiscard]] int64_t steps() const override { return config_.sft.steps; }
  [[nodiscard]] int64_t problems() const override { return std::ssize(examples_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 private:
  const StageConfig& config_;
  StageWorkers workers_;
  std::vector<Example> examples_;
  TrainStep train_step_;
};

}  // namespace deepscaler
