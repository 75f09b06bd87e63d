#include "rl/sft_stage.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/sha256.h"

namespace deepscaler {
namespace {

std::vector<Example> load_examples(const DataConfig& config, const PromptEncoder& encoder) {
  std::vector<Example> examples;
  for (const Problem& problem : load_problems(config)) {
    if (problem.solution.empty()) {
      throw Error(problem.id, "it has no worked solution", "an sft stage needs problems with solutions");
    }
    examples.push_back({encoder.encode(problem).tokens, encoder.encode_response(problem.solution)});
  }
  return examples;
}

}  // namespace

SftStage::SftStage(const StageConfig& config, const StageWorkers& workers)
    : config_(config),
      workers_(workers),
      examples_(load_examples(config.data, workers.encoder)),
      train_step_(workers.model, {.temperature = 1, .token_budget = workers.token_budget}) {}

std::string SftStage::data_hash() const {
  Sha256 hash;
  for (const Example& example : examples_) {
    hash.add(fmt::format("{} {}\n", fmt::join(example.prompt, ","), fmt::join(example.response, ",")));
  }
  return hash.hex();
}

StageStep SftStage::step(int64_t stage_step, int64_t) {
  StageStep result;
  std::vector<TokenGroup> groups;
  int64_t response_tokens = 0;
  for (int64_t e : shuffled_batch(problems(), config_.sft.examples_per_step, stage_step, workers_.seed)) {
    const Example& example = examples_[e];
    groups.push_back({example.prompt, {example.response}});
    response_tokens += std::ssize(example.response);
    result.tokens += std::ssize(example.prompt) + std::ssize(example.response);
  }
  NegativeLogLikelihood loss(response_tokens);
  train_step_.clear_gradients();
  train_step_.accumulate(groups, loss);
  const float lr = learning_rate(config_.optimizer.schedule, config_.optimizer.lr, stage_step, steps());
  const double norm =
      workers_.optimizer.step(config_.optimizer, lr, train_step_.gradients(), workers_.model.weights());
  result.metrics.set("loss", loss.loss());
  result.metrics.set("entropy", loss.entropy());
  result.metrics.set("grad_norm", norm);
  result.metrics.set("learning_rate", lr);
  return result;
}

}  // namespace deepscaler
