#include "run/stages/grpo_stage.h"

#include "base/error.h"
#include "base/log.h"
#include "rl/grpo.h"

namespace deepscaler {

GrpoStage::GrpoStage(const StageConfig& config, const StageWorkers& workers)
    : config_(config),
      workers_(workers),
      problems_(load_problems(config.data, workers.section + ".data", UnreadableAnswers::kRefuse)),
      step_options_{.temperature = config.grpo.rollout.sampling.temperature,
                    .token_budget = workers.token_budget,
                    .recompute = workers.recompute},
      train_step_(workers.model, step_options_) {
  const RolloutConfig& rollout = config.grpo.rollout;
  const int64_t dropped =
      drop_long_prompts(problems_, workers.encoder, rollout, workers.model.config().context);
  if (dropped == 0) return;
  log_info("{} problems have prompts of more than {} tokens: left out", dropped, *rollout.max_prompt_tokens);
  if (problems_.empty()) {
    throw Error("sampling.max_prompt_tokens", "no problem has so short a prompt", "raise it");
  }
}

std::string GrpoStage::data_hash() const { return hash_problems(problems_); }

StageStep GrpoStage::step(int64_t stage_step, int64_t run_step) {
  if (stage_step == 0) begin_reference();
  const RolloutConfig& rollout = config_.grpo.rollout;
  GrpoWorkers workers{.model = workers_.model,
                      .train_step = train_step_,
                      .step_options = step_options_,
                      .optimizer = workers_.optimizer,
                      .reference = workers_.reference.get(),
                      .generate =
                          [&](const std::vector<const Problem*>& problems) {
                            return roll_out(workers_.engine, workers_.encoder, problems,
                                            rollout.samples_per_problem,
                                            {.sampling = rollout.sampling,
                                             .seed = workers_.seed,
                                             .step = static_cast<uint64_t>(run_step)});
                          },
                      .grade =
                          [&](std::vector<RolloutGroup>& groups) {
                            grade_rollout(groups, config_.grpo.reward, rollout.sampling.max_response_tokens);
                          }};
  OptimizerConfig optimizer = config_.optimizer;
  optimizer.lr = learning_rate(optimizer.schedule, optimizer.lr, stage_step, steps());
  GrpoStepResult result = grpo_step(config_.grpo, optimizer, problems_, workers_.seed, stage_step, workers);
  int64_t tokens = 0;
  for (const RolloutGroup& group : result.groups) {
    if (group.dropped) continue;
    for (const RolloutSample& sample : group.samples) {
      tokens += std::ssize(group.prompt.tokens) + std::ssize(sample.generation.tokens);
    }
  }
  return {std::move(result.metrics), tokens, std::move(result.groups)};
}

void GrpoStage::begin_reference() {
  const LossConfig& loss = config_.grpo.loss;
  std::unique_ptr<ReferenceModel>& reference = workers_.reference;
  if (loss.reference == ReferenceStart::kReset) reference.reset();
  if (loss.uses_reference() && !reference) reference = std::make_unique<ReferenceModel>(workers_.model);
}

}  // namespace deepscaler
