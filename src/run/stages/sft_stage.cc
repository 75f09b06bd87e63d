#include "run/stages/sft_stage.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/signals.h"
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

StageNeeds SftSettings::needs(const ModelConfig&) const { return {.longest_sequence = config.max_tokens}; }

std::unique_ptr<Stage> SftSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<SftStage>(config, stage, context);
}

SftStage::SftStage(const SftConfig& config, const StageConfig& stage, const StageContext& context)
    : config_(config),
      stage_(stage),
      context_(context),
      examples_(load_demonstrations(stage.data, context, config.loss_on)) {
  const LengthLimit limit = {.max_tokens = config.max_tokens,
                             .too_long = config.too_long,
                             .context = context.models.policy().model().config().context};
  apply(limit, "examples", examples_);
  if (!config.eval_files.empty()) {
    const std::vector<std::filesystem::path> files(config.eval_files.begin(), config.eval_files.end());
    held_out_ = read_demonstrations(files, context.encoder, config.loss_on);
    apply(limit, "held-out examples", held_out_);
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
                return context_.models.policy().score(groups, /*temperature=*/1);
              }));
  return metrics;
}

StageStep SftStage::step(int64_t stage_step, int64_t) {
  StageStep result;
  std::vector<TokenGroup> groups;
  int64_t learned = 0;
  const auto batch = config_.passes.batch(problems(), stage_step, context_.seed);
  for (int64_t e : batch) {
    groups.push_back(token_group(examples_[e]));
    learned += examples_[e].learned();
    result.tokens += std::ssize(examples_[e].tokens);
  }
  Engine& policy = context_.models.policy();
  NegativeLogLikelihood loss(learned);
  LmHead head(loss, /*temperature=*/1);
  Progress progress("training", "tokens", result.tokens);
  progress.within_a_step();
  {
    const DroppableWork droppable;
    policy.accumulate(groups, head, [&](int64_t done) { progress.update(done); });
  }
  const StopNotice notice(kFinishesStep);  // from here on the step is finished
  const float lr = learning_rate(stage_.optimizer.schedule, stage_.optimizer.lr, stage_step, steps());
  const double norm = policy.update(stage_.optimizer, lr);
  const int64_t done = stage_step * config_.passes.examples_per_step + std::ssize(batch);
  result.metrics.set("epoch", static_cast<double>(done) / static_cast<double>(problems()));
  result.metrics.set("loss", loss.loss());
  result.metrics.set("entropy", loss.entropy());
  result.metrics.set("grad_norm", norm);
  result.metrics.set("learning_rate", as_written(lr));
  return result;
}

}  // namespace deepscaler
