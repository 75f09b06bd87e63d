#include "run/stages/reward_model_stage.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/sha256.h"

namespace deepscaler {
namespace {

using Examples = std::vector<RewardExample>;

constexpr std::string_view kStart = "start";

template <class Read>
Examples examples_of(const Read& read, const std::vector<std::filesystem::path>& files,
                     const PromptEncoder& encoder) {
  Examples examples;
  for (auto& item : read(files, encoder)) examples.push_back(reward_example(std::move(item)));
  return examples;
}

Examples read_examples(const RewardModelConfig& config, const std::vector<std::string>& names,
                       const PromptEncoder& encoder) {
  const std::vector<std::filesystem::path> files(names.begin(), names.end());
  return config.loss == RewardLoss::kPointwise ? examples_of(read_rated_answers, files, encoder)
                                               : examples_of(read_preference_pairs, files, encoder);
}

Examples load_examples(const RewardModelConfig& config, const DataConfig& data, const StageContext& context) {
  std::vector<std::string> files = data.files;
  if (const auto stage = stage_named_in(data.from)) files.push_back(context.output_of(*stage));
  return read_examples(config, files, context.encoder);
}

std::vector<const RewardExample*> pointers_to(const Examples& examples) {
  std::vector<const RewardExample*> pointers;
  for (const RewardExample& example : examples) pointers.push_back(&example);
  return pointers;
}

// Under TRL's names where TRL has one.
void record(const RewardFigures& figures, bool pairs, Metrics& metrics) {
  metrics.set("loss", figures.loss);
  metrics.set("accuracy", figures.accuracy);
  metrics.set("mean_reward", figures.mean);
  metrics.set("min_reward", figures.min);
  metrics.set("max_reward", figures.max);
  metrics.set("calibration_error", figures.calibration_error);
  if (!pairs) return;
  metrics.set("margin", figures.margin);
  metrics.set("ties", figures.ties);
  metrics.set("longer_chosen", figures.longer_chosen);
  metrics.set("longer_preferred", figures.longer_preferred);
}

}  // namespace

void RewardModelSettings::validate(const StageConfig& stage, const std::string& where) const {
  require_no_choice_of_problems(stage, where);
  if (!stage.data.kinds.empty()) {
    throw Error(where, "has data.kinds, and generated problems are no rated answers",
                "name files of pairs in data.files");
  }
  if (stage.until.plateau > 0) {
    throw Error(where, "has until.plateau, and the policy does not change in a stage of kind reward-model",
                "leave it out");
  }
}

std::vector<std::string*> RewardModelSettings::files() {
  std::vector<std::string*> files;
  for (std::string& file : config.eval_files) files.push_back(&file);
  if (config.model != kStart) files.push_back(&config.model);
  return files;
}

std::vector<std::pair<std::string, std::string>> RewardModelSettings::earlier_stages() const {
  if (!stage_named_in(config.model)) return {};
  return {{"model", config.model}};
}

double RewardModelSettings::tokens_of_step() const {
  constexpr double kUsualPairTokens = 400;
  return static_cast<double>(config.passes.examples_per_step) * kUsualPairTokens;
}

StageNeeds RewardModelSettings::needs(const ModelConfig&) const {
  StageNeeds needs = {.longest_sequence = config.max_tokens,
                      .examples = config.passes.examples_per_step,
                      .passes = config.passes.epochs};
  needs.trained_models.push_back({.name = std::string(kReward), .source = config.model});
  return needs;
}

std::unique_ptr<Stage> RewardModelSettings::make(const StageConfig& stage,
                                                 const StageContext& context) const {
  return std::make_unique<RewardModelStage>(config, stage, context);
}

RewardModelStage::RewardModelStage(const RewardModelConfig& config, const StageConfig& stage,
                                   const StageContext& context)
    : PassesStage(config.passes, stage, context),
      config_(config),
      examples_(load_examples(config, stage.data, context)) {
  leave_out_long(examples_, "examples");
  if (!config.eval_files.empty()) {
    held_out_ = read_examples(config, config.eval_files, context.encoder);
    leave_out_long(held_out_, "held-out examples");
  } else if (config.eval_share > 0) {
    hold_out();
  }
  if (config.model != kStart) {
    source_.emplace(config.model, context.section + ".model", context_, std::initializer_list{kReward});
  }
}

void RewardModelStage::leave_out_long(Examples& examples, const char* what) const {
  const int64_t context = context_.models.policy().model().config().context;
  const int64_t limit = config_.max_tokens == 0 ? context : std::min(config_.max_tokens, context);
  const size_t before = examples.size();
  const auto left_out =
      std::erase_if(examples, [&](const RewardExample& example) { return example.longest() > limit; });
  if (left_out == 0) return;
  if (examples.empty()) {
    throw Error(context_.section + ".data",
                fmt::format("all {} {} are longer than {} tokens", left_out, what, limit),
                "raise max_tokens");
  }
  log_warning("{}.data: {} of {} {} are longer than {} tokens: left out", context_.section, left_out, before,
              what, limit);
}

// The choice depends on the seed and on the first answer alone: equal answers are on the same side.
void RewardModelStage::hold_out() {
  const auto is_trained_on = [&](const RewardExample& example) {
    const Rng rng(context_.seed, {hash_name("held out"), hash_name(example.answers.front().id)});
    return rng.uniform(0) >= config_.eval_share;
  };
  const size_t all = examples_.size();
  const auto first = std::stable_partition(examples_.begin(), examples_.end(), is_trained_on);
  held_out_.assign(std::make_move_iterator(first), std::make_move_iterator(examples_.end()));
  examples_.erase(first, examples_.end());
  if (!examples_.empty() && !held_out_.empty()) return;
  throw Error(context_.section + ".eval_share",
              fmt::format("holding out {:.3g} of {} examples leaves none to {}", config_.eval_share, all,
                          examples_.empty() ? "train on" : "evaluate on"),
              "choose another share, or name eval_files");
}

std::string RewardModelStage::data_hash() const {
  Sha256 hash;
  for (const auto* examples : {&examples_, &held_out_}) {
    hash.add(fmt::format("{} examples\n", examples->size()));
    for (const RewardExample& example : *examples) {
      hash.add(fmt::format("{} {}\n", example.margin, example.is_good));
      for (const Demonstration& answer : example.answers) {
        hash.add(fmt::format("{}\n", fmt::join(answer.tokens, ",")));
      }
    }
  }
  if (source_) hash.add(source_->identity());
  return hash.hex();
}

Engine& RewardModelStage::model() {
  if (Engine* model = context_.models.find(kReward)) return *model;
  const Engine& policy = context_.models.policy();
  Model scorer = source_ ? source_->scorer(context_.seed) : make_scorer(policy.model(), context_.seed);
  return context_.models.put(kReward, std::make_unique<Engine>(std::move(scorer), policy.options()));
}

std::vector<ExampleScores> RewardModelStage::score(const std::vector<const RewardExample*>& examples) {
  std::vector<TokenGroup> groups;
  for (const RewardExample* example : examples) groups.push_back(token_group(*example));
  return scores_of(model().values(groups, TokenRow::kAt));
}

Metrics RewardModelStage::measure_held_out() {
  const auto examples = pointers_to(held_out_);
  Metrics figures, metrics;
  record(reward_figures(config_, examples, score(examples)), held_out_.front().is_pair(), figures);
  model().release_workspace();
  for (const char* name :
       {"loss", "accuracy", "ties", "margin", "longer_chosen", "longer_preferred", "calibration_error"}) {
    if (const auto value = figures.get(name)) metrics.set(fmt::format("eval/{}", name), *value);
  }
  return metrics;
}

StageStep RewardModelStage::step(int64_t stage_step, int64_t) {
  StageStep result;
  std::vector<const RewardExample*> examples;
  std::vector<TokenGroup> groups;
  for (const int64_t i : batch_of(stage_step)) {
    examples.push_back(&examples_[static_cast<size_t>(i)]);
    groups.push_back(token_group(*examples.back()));
    result.tokens += examples.back()->tokens();
  }
  // Scoring may be interrupted, so it comes before any weight changes.
  if (stage_step + 1 == steps()) note_scale();
  const std::vector<ExampleScores> scores = score(examples);
  std::vector<std::vector<double>> derivatives;
  for (size_t i = 0; i < examples.size(); ++i) {
    derivatives.push_back(reward_term(config_, *examples[i], scores[i]).derivatives);
    for (double& d : derivatives.back()) d /= static_cast<double>(examples.size());
  }

  LastValueLoss loss(groups, std::move(derivatives));
  ScalarHead head(loss, TokenRow::kAt);
  learn(model(), groups, head, stage_step, result, [&](Metrics& metrics) {
    record(reward_figures(config_, examples, scores), examples.front()->is_pair(), metrics);
  });
  return result;
}

// By the weights with which the last step begins, over the first examples.
void RewardModelStage::note_scale() {
  constexpr size_t kExamples = 512;
  std::vector<const RewardExample*> examples = pointers_to(examples_);
  examples.resize(std::min(examples.size(), kExamples));
  double sum = 0, squares = 0, count = 0;
  for (const ExampleScores& scores : score(examples)) {
    for (const double s : scores) {
      sum += s;
      squares += s * s;
      count += 1;
    }
  }
  if (count < 2) return;
  const double mean = sum / count, variance = (squares - sum * mean) / (count - 1);
  if (variance > 0) context_.models.set_score_scale(kReward, {.mean = mean, .std = std::sqrt(variance)});
}

}  // namespace deepscaler
