// A stage of supervised fine-tuning: the model learns to continue demonstrations.
#pragma once

#include "run/stages/stage.h"
#include "train/sft.h"
#include "train/step.h"

namespace deepscaler {

class SftStage : public Stage {
 public:
  SftStage(const StageConfig& config, const StageWorkers& workers);

  [[nodiscard]] int64_t steps() const override { return sft_steps(config_.sft, problems()); }
  [[nodiscard]] int64_t problems() const override { return std::ssize(examples_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] int64_t held_out_examples() const override { return std::ssize(held_out_); }
  void release_workspace() override { train_step_.release_workspace(); }
  [[nodiscard]] double held_out_loss() override { return mean_loss(train_step_, held_out_); }
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 private:
  const StageConfig& config_;
  StageWorkers workers_;
  std::vector<Demonstration> examples_;
  std::vector<Demonstration> held_out_;
  TrainStep train_step_;
};

}  // namespace deepscaler
