#include "run/stages/sft_stage.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"

namespace deepscaler {
namespace {

using Demonstrations = std::vector<Demonstration>;

Demonstrations read_files(const std::vector<std::string>& files, const StageWorkers& workers,
                          const SftConfig& config) {
  const std::vector<std::filesystem::path> paths(files.begin(), files.end());
  return read_demonstrations(paths, workers.encoder, config.loss_on);
}

Demonstrations load_examples(const StageConfig& config, const StageWorkers& workers) {
  Demonstrations examples = read_files(config.data.files, workers, config.sft);
  DataConfig generated = config.data;
  generated.files.clear();
  if (generated.kinds.empty()) return examples;
  for (const Problem& problem :
       load_problems(generated, workers.section + ".data", UnreadableAnswers::kRefuse)) {
    examples.push_back(demonstrate(problem, problem.id, workers.encoder, config.sft.loss_on));
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

}  // namespace

SftStage::SftStage(const StageConfig& config, const StageWorkers& workers)
    : config_(config),
      workers_(workers),
      examples_(load_examples(config, workers)),
      train_step_(workers.model,
                  {.temperature = 1, .token_budget = workers.token_budget, .recompute = workers.recompute}) {
  const SftConfig& sft = config.sft;
  const int64_t context = workers.model.config().context;
  limit(examples_, "examples", sft, context);
  if (!sft.eval_files.empty()) {
    held_out_ = read_files(sft.eval_files, workers, sft);
    limit(held_out_, "held-out examples", sft, context);
  } else if (sft.eval_share > 0) {
    held_out_ = split_off(examples_, sft.eval_share, workers.seed);
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

StageStep SftStage::step(int64_t stage_step, int64_t) {
  StageStep result;
  std::vector<TokenGroup> groups;
  int64_t learned = 0;
  const auto batch = sft_batch(config_.sft, problems(), stage_step, workers_.seed);
  for (int64_t e : batch) {
    groups.push_back(token_group(examples_[e]));
    learned += examples_[e].learned();
    result.tokens += std::ssize(examples_[e].tokens);
  }
  NegativeLogLikelihood loss(learned);
  train_step_.clear_gradients();
  train_step_.accumulate(groups, loss);
  const float lr = learning_rate(config_.optimizer.schedule, config_.optimizer.lr, stage_step, steps());
  const double norm =
      workers_.optimizer.step(config_.optimizer, lr, train_step_.gradients(), workers_.model.weights());
  const int64_t done = stage_step * config_.sft.examples_per_step + std::ssize(batch);
  result.metrics.set("epoch", static_cast<double>(done) / static_cast<double>(problems()));
  result.metrics.set("loss", loss.loss());
  result.metrics.set("entropy", loss.entropy());
  result.metrics.set("grad_norm", norm);
  result.metrics.set("learning_rate", lr);
  return result;
}

}  // namespace deepscaler
