#include "run/stages/sft_stage.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "run/stages/stage_demonstrations.h"

namespace deepscaler {
namespace {

using Demonstrations = std::vector<Demonstration>;

// An example's id is its text's.
void warn_of_trained(const Demonstrations& examples, const Demonstrations& held_out,
                     const std::string& section) {
  std::unordered_set<std::string_view> trained;
  for (const Demonstration& example : examples) trained.insert(example.id);
  const auto both =
      std::ranges::count_if(held_out, [&](const auto& example) { return trained.contains(example.id); });
  if (both == 0) return;
  log_warning("{}.eval_files: {} of {} examples are trained on too: eval/loss is not of held-out text alone",
              section, both, held_out.size());
}

}  // namespace

void SftSettings::validate(const StageConfig& stage, const std::string& where) const {
  require_no_choice_of_problems(stage, where);
}

double SftSettings::tokens_of_step() const {
  constexpr double kUsualExampleTokens = 200;
  return static_cast<double>(config.passes.examples_per_step) * kUsualExampleTokens;
}

StageNeeds SftSettings::needs(const ModelConfig&) const {
  return {.longest_sequence = config.examples.max_tokens,
          .examples = config.passes.examples_per_step,
          .passes = config.passes.epochs};
}

std::unique_ptr<Stage> SftSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<SftStage>(config, stage, context);
}

SftStage::SftStage(const SftConfig& config, const StageConfig& stage, const StageContext& context)
    : PassesStage(config.passes, stage, context),
      examples_(load_demonstrations(stage.data, config.loss_on, config.examples, context)) {
  if (!config.eval_files.empty()) {
    held_out_ = load_held_out(config.eval_files, config.loss_on, config.examples, context);
    warn_of_trained(examples_, held_out_, context.section);
  } else if (config.eval_share > 0) {
    held_out_ = split_off(examples_, config.eval_share, context.seed);
  }
}

std::string SftStage::data_hash() const {
  Sha256 hash;
  for (const auto* examples : {&examples_, &held_out_}) add_to_hash(*examples, hash);
  return hash.hex();
}

Metrics SftStage::measure_held_out() {
  Metrics metrics;
  metrics.set("eval/loss", mean_loss(held_out_, [this](std::span<const TokenGroup> groups) {
                return policy().score(groups, /*temperature=*/1);
              }));
  return metrics;
}

StageStep SftStage::step(int64_t stage_step, int64_t) {
  StageStep result;
  std::vector<TokenGroup> groups;
  int64_t learned = 0;
  for (int64_t e : batch_of(stage_step)) {
    groups.push_back(token_group(examples_[e]));
    learned += examples_[e].learned();
    result.tokens += std::ssize(examples_[e].tokens);
  }
  NegativeLogLikelihood loss(learned);
  LmHead head(loss, /*temperature=*/1);
  learn(policy(), groups, head, stage_step, result, [&](Metrics& metrics) {
    metrics.set("loss", loss.loss());
    metrics.set("entropy", loss.entropy());
  });
  return result;
}

}  // namespace deepscaler
