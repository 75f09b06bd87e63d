#include "run/stages/grpo_stage.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"

namespace deepscaler {
namespace {

std::vector<Problem> load(const GrpoConfig& config, const StageConfig& stage, const StageContext& context) {
  DataConfig data = stage.data;
  if (const auto from = stage_named_in(data.from)) data.files.push_back(context.output_of(*from));
  const std::string section = context.section + ".data";
  std::vector<Problem> problems = load_problems(
      data, section, config.reward.accuracy() != 0 ? UnreadableAnswers::kRefuse : UnreadableAnswers::kUnused);
  leave_out_short(problems, context.encoder, data, section);
  const int64_t without_solution = add_hints(problems, config.prompt);
  if (without_solution == std::ssize(problems)) {
    throw Error(context.section + ".prompt.hint_share", "no problem has a solution to take a hint from",
                "leave it out, or name problems with solutions");
  }
  if (without_solution > 0) {
    log_warning("{}: {} of {} problems have no solution and so no hint", section, without_solution,
                problems.size());
  }
  return problems;
}

}  // namespace

double GrpoSettings::tokens_of_step() const {
  const RolloutConfig& rollout = config.rollout;
  const int64_t responses = rollout.problems_per_step * rollout.samples_per_problem;
  return 3.0 * static_cast<double>(responses * rollout.sampling.max_response_tokens);
}

std::vector<std::string*> GrpoSettings::files() {
  std::vector<std::string*> files;
  for (ModelRewardConfig& reward : config.reward.models) files.push_back(&reward.model);
  return files;
}

std::vector<std::pair<std::string, std::string>> GrpoSettings::earlier_stages() const {
  std::vector<std::pair<std::string, std::string>> stages;
  for (size_t i = 0; i < config.reward.models.size(); ++i) {
    const std::string& model = config.reward.models[i].model;
    if (stage_named_in(model)) stages.emplace_back(fmt::format("reward.model.{}.model", i), model);
  }
  return stages;
}

StageNeeds GrpoSettings::needs(const ModelConfig& model) const {
  const RolloutConfig& rollout = config.rollout;
  const int64_t prompt = rollout.max_prompt_tokens.value_or(kUsualPromptTokens);
  StageNeeds needs = {
      .longest_sequence = std::min(model.context, prompt + rollout.sampling.max_response_tokens),
      .problems = rollout.problems_per_step,
      .samples = rollout.samples_per_problem,
      .prompt_tokens = kUsualPromptTokens,
      .response_tokens = rollout.sampling.max_response_tokens,
      .updates = config.loss.mini_batches * config.loss.epochs,
      .epochs = config.loss.epochs};
  if (config.loss.uses_reference()) needs.models.emplace_back(kReference);
  for (const ModelRewardConfig& reward : config.reward.models) {
    needs.fixed_models.push_back({.name = reward.name, .source = reward.model});
  }
  return needs;
}

std::unique_ptr<Stage> GrpoSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<GrpoStage>(config, stage, context);
}

GrpoStage::GrpoStage(const GrpoConfig& config, const StageConfig& stage, const StageContext& context)
    : config_(config), stage_(stage), context_(context), problems_(load(config, stage, context)) {
  const RolloutConfig& rollout = config.rollout;
  const int64_t dropped = drop_long_prompts(problems_, context.encoder, rollout,
                                            context.models.policy().model().config().context);
  if (dropped > 0)
    log_info("{} problems have prompts of more than {} tokens: left out", dropped,
             *rollout.max_prompt_tokens);
  if (problems_.empty()) {
    throw Error("sampling.max_prompt_tokens", "no problem has so short a prompt", "raise it");
  }
  if (rollout.problems_per_step > std::ssize(problems_)) {
    log_warning("{}: a step takes {} problems and there are {}, so it has the same ones several times",
                context.section, rollout.problems_per_step, problems_.size());
  }
  if (!config.teacher.model.empty()) {
    teacher_.emplace(config.teacher.model, context.section + ".teacher.model", context_);
  }
  load_reward_models();
}

void GrpoStage::load_reward_models() {
  for (const ModelRewardConfig& reward : config_.reward.models) {
    const std::string key = fmt::format("{}.reward.model.{}.model", context_.section, reward_models_.size());
    auto& model = reward_models_.emplace_back(
        std::make_unique<FixedModel>(reward.model, key, context_, std::initializer_list{kReward}));
    model->require_scorer(reward.normalize);
  }
}

std::string GrpoStage::data_hash() const {
  std::string hash = hash_problems(problems_);
  if (teacher_) hash = sha256_hex(hash + teacher_->identity());
  for (const auto& model : reward_models_) hash = sha256_hex(hash + model->identity());
  return hash;
}

std::vector<RewardScorer> GrpoStage::scorers() {
  std::vector<RewardScorer> scorers;
  for (size_t i = 0; i < reward_models_.size(); ++i) {
    FixedModel& model = *reward_models_[i];
    scorers.push_back({.engine = model.engine(),
                       .scale = config_.reward.models[i].normalize ? model.score_scale() : std::nullopt});
  }
  return scorers;
}

StageStep GrpoStage::step(int64_t stage_step, int64_t run_step) {
  if (stage_step == 0) begin_reference();
  const RolloutConfig& rollout = config_.rollout;
  Engine& policy = context_.models.policy();
  const GrpoSources sources = {
      .generate =
          [&](const std::vector<const Problem*>& problems) {
            auto groups =
                roll_out(policy.generator(), context_.encoder, problems, rollout.samples_per_problem,
                         {.sampling = rollout.sampling,
                          .seed = context_.seed,
                          .step = static_cast<uint64_t>(run_step)});
            require_readable(groups);
            return groups;
          },
      .grade =
          [&](std::vector<RolloutGroup>& groups) {
            grade_rollout(groups, config_.reward, rollout.sampling.max_response_tokens, scorers());
          }};
  OptimizerConfig optimizer = stage_.optimizer;
  optimizer.lr = learning_rate(optimizer.schedule, optimizer.lr, stage_step, steps());
  GrpoStepResult result = take_step(
      optimizer,
      {.problems = problems_, .seed = context_.seed, .stage_step = stage_step, .carried = context_.carried},
      sources);
  int64_t tokens = 0;
  for (const RolloutGroup& group : result.groups) {
    if (group.dropped) continue;
    for (const RolloutSample& sample : group.samples) {
      tokens += std::ssize(group.prompt.tokens) + std::ssize(sample.generation.tokens);
    }
  }
  return {.metrics = std::move(result.metrics),
          .tokens = tokens,
          .groups = std::move(result.groups),
          .carried = std::move(result.carried)};
}

GrpoStepResult GrpoStage::take_step(const OptimizerConfig& optimizer, const GrpoDraw& draw,
                                    const GrpoSources& sources) {
  Models& models = context_.models;
  return grpo_step(config_, optimizer, draw,
                   {.policy = models.policy(),
                    .reference = models.find(kReference),
                    .teacher = teacher_ ? &teacher_->engine() : nullptr},
                   sources);
}

void GrpoStage::require_readable(std::vector<RolloutGroup>& groups) {
  std::vector<RolloutGroup*> all;
  for (RolloutGroup& group : groups) all.push_back(&group);
  if (teacher_) teacher_->require_readable(token_groups(all));
  for (const auto& model : reward_models_) model->require_readable(token_groups(all));
}

void GrpoStage::begin_reference() {
  const LossConfig& loss = config_.loss;
  Models& models = context_.models;
  if (loss.reference == ReferenceStart::kReset && !uses_reference()) models.remove(kReference);
  if (!uses_reference()) return;
  const bool anew = loss.reference == ReferenceStart::kReset || models.find(kReference) == nullptr;
  if (anew) models.put_copy_of_policy(kReference);
}

}  // namespace deepscaler
