#include "run/stages/process_reward_stage.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "engine/scorer.h"

namespace deepscaler {
namespace {

constexpr std::string_view kStart = "start";

}  // namespace

void ProcessRewardSettings::validate(const StageConfig& stage, const std::string& where) const {
  require_no_choice_of_problems(stage, where);
  if (!stage.data.kinds.empty() || !stage.data.from.empty()) {
    throw Error(where, "has data.kinds or data.from, and those are no stepwise answers",
                "name files of stepwise answers in data.files");
  }
  if (stage.until.plateau > 0) {
    throw Error(where,
                "has until.plateau, and the policy does not change in a stage of kind process-reward-model",
                "leave it out");
  }
}

std::vector<std::string*> ProcessRewardSettings::files() {
  std::vector<std::string*> files;
  for (std::string& file : config.eval_files) files.push_back(&file);
  if (config.model != kStart) files.push_back(&config.model);
  return files;
}

std::vector<std::pair<std::string, std::string>> ProcessRewardSettings::earlier_stages() const {
  if (!stage_named_in(config.model)) return {};
  return {{"model", config.model}};
}

double ProcessRewardSettings::tokens_of_step() const {
  constexpr double kUsualAnswerTokens = 300;
  return static_cast<double>(config.passes.examples_per_step) * kUsualAnswerTokens;
}

StageNeeds ProcessRewardSettings::needs(const ModelConfig&) const {
  StageNeeds needs = {.longest_sequence = config.max_tokens};
  needs.trained_models.push_back({.name = std::string(kProcessReward), .source = config.model});
  return needs;
}

std::unique_ptr<Stage> ProcessRewardSettings::make(const StageConfig& stage,
                                                   const StageContext& context) const {
  return std::make_unique<ProcessRewardStage>(config, stage, context);
}

ProcessRewardStage::ProcessRewardStage(const ProcessRewardConfig& config, const StageConfig& stage,
                                       const StageContext& context)
    : PassesStage(config.passes, stage, context),
      config_(config),
      answers_(read(stage.data.files, "stepwise answers")) {
  if (!config.eval_files.empty()) held_out_ = read(config.eval_files, "held-out stepwise answers");
  if (config.model == kStart) return;
  source_.emplace(config.model, context.section + ".model", context_, std::initializer_list{kProcessReward});
}

std::vector<StepwiseAnswer> ProcessRewardStage::read(const std::vector<std::string>& names,
                                                     const char* what) const {
  const std::vector<std::filesystem::path> files(names.begin(), names.end());
  auto answers = read_stepwise_answers(files, context_.encoder, config_.separator);
  const int64_t context = context_.models.policy().model().config().context;
  const int64_t limit = config_.max_tokens == 0 ? context : std::min(config_.max_tokens, context);
  const size_t all = answers.size();
  const auto left_out =
      std::erase_if(answers, [&](const StepwiseAnswer& answer) { return answer.tokens() > limit; });
  if (answers.empty()) {
    throw Error(context_.section + ".data",
                fmt::format("all {} {} are longer than {} tokens", all, what, limit), "raise max_tokens");
  }
  if (left_out > 0) {
    log_warning("{}.data: {} of {} {} are longer than {} tokens: left out", context_.section, left_out, all,
                what, limit);
  }
  return answers;
}

std::string ProcessRewardStage::data_hash() const {
  Sha256 hash;
  for (const auto* answers : {&answers_, &held_out_}) {
    hash.add(fmt::format("{} answers\n", answers->size()));
    for (const StepwiseAnswer& answer : *answers) {
      hash.add(fmt::format("{}\n{}\n{}\n{}\n", fmt::join(answer.prompt, ","), fmt::join(answer.response, ","),
                           fmt::join(answer.is_end, ","), fmt::join(answer.is_right, ",")));
    }
  }
  if (source_) hash.add(source_->identity());
  return hash.hex();
}

Engine& ProcessRewardStage::model() {
  if (Engine* model = context_.models.find(kProcessReward)) return *model;
  const Engine& policy = context_.models.policy();
  Model scorer = source_ ? source_->scorer(context_.seed, HeadKind::kTokenScore)
                         : make_scorer(policy.model(), context_.seed, HeadKind::kTokenScore);
  return context_.models.put(kProcessReward, std::make_unique<Engine>(std::move(scorer), policy.options()));
}

Metrics ProcessRewardStage::measure_held_out() {
  std::vector<const StepwiseAnswer*> answers;
  std::vector<TokenGroup> groups;
  for (const StepwiseAnswer& answer : held_out_) {
    answers.push_back(&answer);
    groups.push_back(token_group(answer));
  }
  const ProcessRewardFigures figures = process_reward_figures(answers, model().values(groups, TokenRow::kAt));
  model().release_workspace();
  Metrics metrics;
  metrics.set("eval/loss", figures.loss);
  metrics.set("eval/step_accuracy", figures.accuracy);
  metrics.set("eval/first_error_f1", figures.first_error_f1);
  return metrics;
}

StageStep ProcessRewardStage::step(int64_t stage_step, int64_t) {
  StageStep result;
  std::vector<const StepwiseAnswer*> answers;
  std::vector<TokenGroup> groups;
  for (const int64_t i : batch_of(stage_step)) {
    answers.push_back(&answers_[static_cast<size_t>(i)]);
    groups.push_back(token_group(*answers.back()));
    result.tokens += answers.back()->tokens();
  }
  ProcessRewardLoss loss(answers);
  ScalarHead head(loss, TokenRow::kAt);
  learn(model(), groups, head, stage_step, result, [&](Metrics& metrics) {
    metrics.set("loss", loss.loss());
    metrics.set("step_accuracy", loss.accuracy());
  });
  return result;
}

}  // namespace deepscaler
