// A stage of reinforcement learning with verifiable rewards; the algorithm is in rl/grpo.
#pragma once

#include "run/stages/stage.h"
#include "train/step.h"

namespace deepscaler {

class GrpoStage : public Stage {
 public:
  GrpoStage(const StageConfig& config, const StageWorkers& workers);

  [[nodiscard]] int64_t steps() const override { return config_.grpo.steps; }
  [[nodiscard]] int64_t problems() const override { return std::ssize(problems_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 private:
  void begin_reference();

  const StageConfig& config_;
  StageWorkers workers_;
  std::vector<Problem> problems_;
  StepOptions step_options_;
  TrainStep train_step_;
};

}  // namespace deepscaler
