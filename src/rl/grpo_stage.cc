#include "rl/grpo_stage.h"

#include "rl/grpo.h"

namespace deepscaler {

GrpoStage::GrpoStage(const StageConfig& config, const StageWorkers& workers)
    : config_(config),
      workers_(workers),
      problems_(load_problems(config.data)),
      train_step_(workers.model, {.temperature = config.grpo.sampling.temperature,
                                  .token_budget = workers.token_budget,
                                  .recompute = workers.recompute}) {}

StageStep GrpoStage::step(int64_t stage_step, int64_t run_step) {
  GrpoWorkers workers{workers_.model, workers_.engine, train_step_, workers_.optimizer, workers_.encoder};
  GrpoStepResult result =
      grpo_step(config_.grpo, config_.optimizer, problems_, workers_.seed, run_step, stage_step, workers);
  int64_t tokens = 0;
  for (const RolloutGroup& group : result.groups) {
    for (const RolloutSample& sample : group.samples) {
      tokens += std::ssize(group.prompt.tokens) + std::ssize(sample.generation.tokens);
    }
  }
  return {std::move(result.metrics), tokens, std::move(result.groups)};
}

}  // namespace deepscaler
