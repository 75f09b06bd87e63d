#include "run/stages/sft_stage.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/signals.h"

namespace deepscaler {
namespace {

using Demonstrations = std::vector<Demonstration>;

Demonstrations read_files(const std::vector<std::string>& files, const StageContext& context,
                          const SftConfig& config) {
  const std::vector<std::filesystem::path> paths(files.begin(), files.end());
  return read_demonstrations(paths, context.encoder, config.loss_on);
}

Demonstrations load_examples(const DataConfig& data, const StageContext& context, const SftConfig& config) {
  std::vector<std::string> files = data.files;
  if (const auto stage = stage_named_in(data.from)) files.push_back(context.output_of(*stage));
  Demonstrations examples = read_files(files, context, config);
  if (data.kinds.empty()) return examples;
  DataConfig generated = data;
  generated.files.clear();
  for (const Problem& problem :
       load_problems(generated, context.section + ".data", UnreadableAnswers::kRefuse)) {
    examples.push_back(demonstrate(problem, problem.id, context.encoder, config.loss_on));
  }
  return examples;
}

// Never silent: what a limit does to a set of examples is said.
void limit(Demonstrations& examples, std::string_view what, const SftConfig& config, int64_t context) {
  if (config.max_tokens > context) {
    throw Error("max_tokens",
                fmt::format("{} is more than the model's context of {}", config.max_tokens, context),
                "lower it");
  }
  const int64_t max_tokens = config.max_tokens == 0 ? context : config.max_tokens;
  const auto before = examples.size();
  const LengthCounts counts = limit_lengths(examples, max_tokens, config.too_long);
  if (counts.longer == 0) return;
  log_warning("{} of {} {} are longer than {} tokens (the longest has {}): {} cut, {} left out",
              counts.longer, before, what, max_tokens, counts.longest, counts.truncated,
              counts.longer - counts.truncated);
}

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
      examples_(load_examples(stage.data, context, config)) {
  const int64_t longest = context.models.policy().model().config().context;
  limit(examples_, "examples", config, longest);
  if (!config.eval_files.empty()) {
    held_out_ = read_files(config.eval_files, context, config);
    limit(held_out_, "held-out examples", config, longest);
    warn_of_trained(examples_, held_out_, context.section);
  } else if (config.eval_share > 0) {
    held_out_ = split_off(examples_, config.eval_share, context.seed);
  }
}

std::string SftStage::data_hash() const {
  Sha256 hash;
  for (const auto* examples : {&examples_, &held_out_}) {
    hash.add(fmt::format("{} examples\n", examples->size()));
    for (const Demonstration& example : *examples) {
      hash.add(fmt::format("{} {}\n", fmt::join(example.tokens, ","), fmt::join(example.in_loss, "")));
    }
  }
  return hash.hex();
}

double SftStage::held_out_loss() {
  return mean_loss(held_out_, [this](std::span<const TokenGroup> groups) {
    return context_.models.policy().score(groups, /*temperature=*/1);
  });
}

StageStep SftStage::step(int64_t stage_step, int64_t) {
  const StopNotice notice(kFinishesStep);
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
  policy.accumulate(groups, head, [&](int64_t done) { progress.update(done); });
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
