#include "run/stages/rejection_stage.h"

#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "generate/trace_set.h"
#include "rl/grpo_metrics.h"

namespace deepscaler {
namespace {

// What a step carries over: the responses of the stage so far, and those left out by reason.
constexpr const char* kResponses = "responses";
constexpr std::string_view kRejected = "rejected/";

std::vector<Problem> load(const StageConfig& stage, const StageContext& context) {
  DataConfig data = stage.data;
  if (const auto from = stage_named_in(data.from)) data.files.push_back(context.output_of(*from));
  const std::string section = context.section + ".data";
  std::vector<Problem> problems = load_problems(data, section, UnreadableAnswers::kRefuse);
  leave_out_short(problems, context.encoder, data, section);
  return problems;
}

std::string describe_totals(const std::map<std::string, double>& totals) {
  std::map<std::string, int64_t> reasons;
  for (const auto& [name, count] : totals) {
    if (name.starts_with(kRejected)) reasons[name.substr(kRejected.size())] = static_cast<int64_t>(count);
  }
  return describe_rejections(static_cast<int64_t>(totals.at(kResponses)), reasons);
}

}  // namespace

void bind(ConfigSection& s, RejectionConfig& c) {
  s.field("model", c.model, "who answers: the path of a model or \"stage NAME\" (empty: the policy)");
  s.field("problems_per_step", c.problems_per_step, "problems that are answered before the run may be saved")
      .at_least(1);
  s.field("samples_per_problem", c.samples_per_problem, "responses to each problem").at_least(1);
  s.section("sampling", c.sampling, "how responses are sampled");
  s.section("reward", c.reward, "how responses are graded, beside the answer checker");
  s.section("keep", c.keep, "which responses, of those that are right and whole, become the data set");
}

void RejectionSettings::validate(const StageConfig&, const std::string& where) const {
  deepscaler::validate(config.reward, where);
  if (config.reward.models.empty()) return;
  throw Error(where, "has reward.model, and a stage of kind rejection asks no reward model",
              "leave it out, or give a reward.command");
}

std::vector<std::pair<std::string, std::string>> RejectionSettings::earlier_stages() const {
  if (!stage_named_in(config.model)) return {};
  return {{"model", config.model}};
}

double RejectionSettings::tokens_of_step() const {
  return 2.0 * static_cast<double>(config.problems_per_step * config.samples_per_problem *
                                   config.sampling.max_response_tokens);
}

StageNeeds RejectionSettings::needs(const ModelConfig&) const {
  StageNeeds needs = {.problems = config.problems_per_step,
                      .samples = config.samples_per_problem,
                      .prompt_tokens = kUsualPromptTokens,
                      .response_tokens = config.sampling.max_response_tokens};
  if (!config.model.empty()) needs.fixed_models.push_back({.name = "sampler", .source = config.model});
  return needs;
}

std::unique_ptr<Stage> RejectionSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<RejectionStage>(config, stage, context);
}

RejectionStage::RejectionStage(const RejectionConfig& config, const StageConfig& stage,
                               const StageContext& context)
    : config_(config), context_(context), problems_(load(stage, context)) {
  RolloutConfig rollout;
  rollout.sampling = config.sampling;
  (void)drop_long_prompts(problems_, context.encoder, rollout,
                          context.models.policy().model().config().context);
  if (!config.model.empty()) model_.emplace(config.model, context.section + ".model", context_);
}

int64_t RejectionStage::steps() const {
  return (problems() + config_.problems_per_step - 1) / config_.problems_per_step;
}

std::string RejectionStage::data_hash() const {
  const std::string hash = hash_problems(problems_);
  return model_ ? sha256_hex(hash + model_->identity()) : hash;
}

std::vector<std::string> RejectionStage::choose(RolloutGroup& group,
                                                std::map<std::string, int64_t>& reasons) const {
  std::vector<std::string> traces;
  for (RolloutSample& sample : group.samples) {
    const Verdict& verdict = sample.verdict;
    const std::string reason =
        rejection(config_.keep,
                  {.text = sample.text,
                   .tokens = std::ssize(sample.generation.tokens),
                   .truncated = sample.truncated(),
                   .correct = verdict.undecided ? std::nullopt : std::optional(verdict.correct),
                   .language = config_.reward.target_language,
                   .reward = sample.reward},
                  std::ssize(traces));
    if (reason.empty()) {
      traces.push_back(trace_of_response(sample.text, group.prompt.opened_thinking));
      continue;
    }
    ++reasons[reason];
    sample.rewards.push_back({.name = std::string(kRejected) + reason, .value = 1, .weight = 0});
  }
  return traces;
}

StageStep RejectionStage::step(int64_t stage_step, int64_t run_step) {
  const int64_t begin = stage_step * config_.problems_per_step;
  const int64_t end = std::min(begin + config_.problems_per_step, problems());
  std::vector<const Problem*> batch;
  for (int64_t p = begin; p < end; ++p) batch.push_back(&problems_[static_cast<size_t>(p)]);
  Engine& engine = model_ ? model_->engine() : context_.models.policy();
  StageStep result;
  result.groups = roll_out(
      engine.generator(), context_.encoder, batch, config_.samples_per_problem,
      {.sampling = config_.sampling, .seed = context_.seed, .step = static_cast<uint64_t>(run_step)});
  grade_rollout(result.groups, config_.reward, config_.sampling.max_response_tokens);
  record_rewards(result.groups, result.metrics);
  record_completions(result.groups, result.metrics);

  std::map<std::string, int64_t> reasons;
  int64_t responses = 0, kept = 0;
  for (RolloutGroup& group : result.groups) {
    const std::vector<std::string> traces = choose(group, reasons);
    responses += std::ssize(group.samples);
    kept += std::ssize(traces);
    if (!traces.empty()) result.output += trace_record_line(*group.problem, traces);
    for (const RolloutSample& sample : group.samples)
      result.tokens += std::ssize(group.prompt.tokens) + std::ssize(sample.generation.tokens);
  }
  result.metrics.set("kept", static_cast<double>(kept));
  result.carried = context_.carried;
  result.carried[kResponses] += static_cast<double>(responses);
  for (const auto& [reason, count] : reasons) {
    const std::string name = std::string(kRejected) + reason;
    result.metrics.set(name, static_cast<double>(count));
    result.carried[name] += static_cast<double>(count);
  }
  if (stage_step + 1 == steps()) log_info("{}: {}", context_.section, describe_totals(result.carried));
  return result;
}

}  // namespace deepscaler
