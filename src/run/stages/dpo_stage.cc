#include "run/stages/dpo_stage.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"

namespace deepscaler {
namespace {

constexpr std::string_view kStart = "start", kData = "data";

bool is_model(const std::string& reference) { return reference != kStart && reference != kData; }

std::vector<PreferencePair> load_pairs(const DataConfig& data, const StageContext& context) {
  std::vector<std::filesystem::path> files(data.files.begin(), data.files.end());
  if (const auto stage = stage_named_in(data.from)) files.push_back(context.output_of(*stage));
  return read_preference_pairs(files, context.encoder);
}

// Means over the pairs of a step, under TRL's names.
void record(const PreferenceBatch& batch, Metrics& metrics) {
  const auto mean = [&](const auto& items, const auto& number) {
    double sum = 0;
    for (const auto& item : items) sum += number(item);
    return sum / static_cast<double>(items.size());
  };
  using Term = PreferenceTerm;
  using Pair = PairLogProbs;
  metrics.set("loss", mean(batch.terms, [](const Term& t) { return t.loss; }));
  metrics.set("rewards/chosen", mean(batch.terms, [](const Term& t) { return t.reward_chosen; }));
  metrics.set("rewards/rejected", mean(batch.terms, [](const Term& t) { return t.reward_rejected; }));
  metrics.set("rewards/margins",
              mean(batch.terms, [](const Term& t) { return t.reward_chosen - t.reward_rejected; }));
  metrics.set("rewards/accuracies", mean(batch.terms, [](const Term& t) {
                return t.reward_chosen > t.reward_rejected ? 1.0 : 0.0;
              }));
  metrics.set("logps/chosen", mean(batch.log_probs, [](const Pair& p) { return p.chosen; }));
  metrics.set("logps/rejected", mean(batch.log_probs, [](const Pair& p) { return p.rejected; }));
}

// Over the learned tokens; those without a loss have no score: zero.
double mean_entropy(const GroupScores& scores, const std::vector<const PreferencePair*>& pairs) {
  double sum = 0;
  int64_t learned = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const auto& answer : scores[i]) {
      for (const TokenScore& score : answer) sum += score.entropy;
    }
    learned += pairs[i]->chosen.learned() + pairs[i]->rejected.learned();
  }
  return sum / static_cast<double>(learned);
}

}  // namespace

void DpoSettings::validate(const StageConfig& stage, const std::string& where) const {
  require_no_choice_of_problems(stage, where);
  if (!stage.data.kinds.empty()) {
    throw Error(where, "has data.kinds, and generated problems are no preference pairs",
                "name files of pairs in data.files");
  }
}

std::vector<std::string*> DpoSettings::files() {
  return is_model(config.reference) ? std::vector<std::string*>{&config.reference}
                                    : std::vector<std::string*>();
}

std::vector<std::pair<std::string, std::string>> DpoSettings::earlier_stages() const {
  if (!stage_named_in(config.reference)) return {};
  return {{"reference", config.reference}};
}

double DpoSettings::tokens_of_step() const {
  constexpr double kUsualPairTokens = 400;
  return static_cast<double>(config.passes.examples_per_step) * kUsualPairTokens;
}

StageNeeds DpoSettings::needs(const ModelConfig&) const {
  StageNeeds needs = {.longest_sequence = config.max_tokens,
                      .examples = config.passes.examples_per_step,
                      .passes = config.passes.epochs};
  if (config.reference == kStart) needs.models.emplace_back(kReference);
  if (is_model(config.reference))
    needs.fixed_models.push_back({.name = "reference", .source = config.reference});
  return needs;
}

std::unique_ptr<Stage> DpoSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<DpoStage>(config, stage, context);
}

DpoStage::DpoStage(const PreferenceConfig& config, const StageConfig& stage, const StageContext& context)
    : PassesStage(config.passes, stage, context), config_(config), pairs_(load_pairs(stage.data, context)) {
  leave_out_long_pairs();
  check_reference();
  if (is_model(config.reference)) {
    model_.emplace(config.reference, context.section + ".reference", context_);
  }
}

void DpoStage::leave_out_long_pairs() {
  const int64_t context = context_.models.policy().model().config().context;
  const int64_t limit = config_.max_tokens == 0 ? context : std::min(config_.max_tokens, context);
  const size_t before = pairs_.size();
  const auto left_out =
      std::erase_if(pairs_, [&](const PreferencePair& pair) { return pair.longest() > limit; });
  if (left_out == 0) return;
  if (pairs_.empty()) {
    throw Error(context_.section + ".data",
                fmt::format("all {} pairs are longer than {} tokens", left_out, limit), "raise max_tokens");
  }
  log_warning("{}.data: {} of {} pairs are longer than {} tokens: left out", context_.section, left_out,
              before, limit);
}

void DpoStage::check_reference() const {
  const auto lacks = [](const PreferencePair& pair) {
    return !pair.reference_chosen || !pair.reference_rejected;
  };
  const auto first = std::ranges::find_if(pairs_, lacks);
  if (config_.reference == kData && first != pairs_.end()) {
    throw Error(first->chosen.where, "it has no \"ref_chosen_logps\" and \"ref_rejected_logps\"",
                "write them into each pair, or set reference = \"start\"");
  }
  if (config_.reference != kData && first == pairs_.end()) {
    log_warning(
        "{}.data: the pairs hold log-probabilities by a reference, which are used only with reference = "
        "\"data\"",
        context_.section);
  }
}

std::string DpoStage::data_hash() const {
  Sha256 hash;
  for (const PreferencePair& pair : pairs_) {
    for (const Demonstration* answer : {&pair.chosen, &pair.rejected}) {
      hash.add(fmt::format("{} {}\n", fmt::join(answer->tokens, ","), fmt::join(answer->in_loss, "")));
    }
    if (config_.reference == kData) {
      hash.add(fmt::format("{} {}\n", *pair.reference_chosen, *pair.reference_rejected));
    }
  }
  if (model_) hash.add(model_->identity());
  return hash.hex();
}

Engine& DpoStage::reference() { return model_ ? model_->engine() : *context_.models.find(kReference); }

GroupScores DpoStage::reference_scores(const std::vector<TokenGroup>& groups) {
  if (config_.reference == kData) return {};
  if (model_) model_->require_readable(groups);
  Engine& engine = reference();
  GroupScores scores = engine.score(groups, /*temperature=*/1);
  engine.release_workspace();
  return scores;
}

StageStep DpoStage::step(int64_t stage_step, int64_t) {
  if (stage_step == 0) {
    if (config_.reference == kStart) {
      context_.models.put_copy_of_policy(kReference);
    } else {
      context_.models.remove(kReference);
    }
  }
  StageStep result;
  std::vector<const PreferencePair*> pairs;
  std::vector<TokenGroup> groups;
  for (const int64_t i : batch_of(stage_step)) {
    pairs.push_back(&pairs_[static_cast<size_t>(i)]);
    groups.push_back(token_group(*pairs.back()));
    result.tokens += std::ssize(pairs.back()->chosen.tokens) + std::ssize(pairs.back()->rejected.tokens);
  }
  const GroupScores reference = reference_scores(groups);
  const GroupScores scores = policy().score(groups, /*temperature=*/1);
  PreferenceBatch losses = preference_batch(config_, pairs, scores, reference);
  LinearLoss loss(std::move(losses.derivatives));
  LmHead head(loss, /*temperature=*/1);
  learn(policy(), groups, head, stage_step, result, [&](Metrics& metrics) {
    record(losses, metrics);
    metrics.set("entropy", mean_entropy(scores, pairs));
  });
  return result;
}

}  // namespace deepscaler
