#include "train/step.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "model/linear.h"
#include "model/memory_plan.h"

namespace deepscaler {
namespace {

template <class Body>
void for_each_chunk(const MicroBatch& batch, const Body& body) {
  const std::span all(batch.predicted);
  for (size_t first = 0; first < all.size(); first += kHeadRows) {
    body(all.subspan(first, std::min<size_t>(kHeadRows, all.size() - first)));
  }
}

bool is_finite(std::span<const float> numbers) {
  return std::ranges::all_of(numbers, [](float x) { return std::isfinite(x); });
}

// The sample whose token has a score or a derivative that is not finite.
const PredictedToken* find_bad_token(std::span<const PredictedToken> tokens,
                                     std::span<const TokenScore> scores,
                                     std::span<const TokenDerivative> derivatives) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const float numbers[] = {scores[i].log_prob, scores[i].entropy, derivatives[i].log_prob,
                             derivatives[i].entropy};
    if (!is_finite(numbers)) return &tokens[i];
  }
  return nullptr;
}

// The same from the gradient [T, D] at the bottom of the layers, where all that went wrong in the backward
// pass arrives. Own rows of a response come first: a shared prompt's collect from all responses.
const PredictedToken* find_bad_row(const MicroBatch& batch, ConstMatrixView d) {
  const auto bad = [&](int64_t row) { return !is_finite({d.row(row), static_cast<size_t>(d.cols)}); };
  for (const PredictedToken& token : batch.predicted) {
    if (token.token > 0 && bad(token.row)) return &token;
  }
  for (const PredictedToken& token : batch.predicted) {
    if (bad(token.row)) return &token;
  }
  return nullptr;
}

[[noreturn]] void refuse_gradient(const ParameterTable& table, std::span<const float> gradients,
                                  std::span<const TokenGroup> groups, const PredictedToken& token) {
  const TokenGroup& group = groups[static_cast<size_t>(token.group)];
  const auto bad = std::ranges::find_if(table.all(), [&](const ParameterInfo& p) {
    return !is_finite(gradients.subspan(static_cast<size_t>(p.offset), static_cast<size_t>(p.size)));
  });
  const std::string name =
      group.name.empty() ? fmt::format("group {}", token.group) : std::string(group.name);
  throw Error(group.responses.size() > 1 ? fmt::format("{}, sample {}", name, token.response) : name,
              fmt::format("it makes the gradient of {} not finite; the weights are left as they were",
                          bad == table.all().end() ? "the loss" : bad->name),
              "look at this sample, or lower the learning rate");
}

}  // namespace

TrainStep::TrainStep(const Model& model, const StepOptions& options)
    : model_(model),
      options_(options),
      training_(model.config(), options.recompute == Recompute::kNone ? Activations::Keep::kAllLayers
                                                                      : Activations::Keep::kInputs),
      scoring_(model.config(), Activations::Keep::kOneLayer) {}

void TrainStep::accumulate(std::span<const TokenGroup> groups, TokenLoss& loss,
                           const std::function<void(int64_t)>& progress) {
  if (gradients_.size() == 0) gradients_ = Buffer<float>(model_.table().size());
  int64_t rows = 0;
  for (const MicroBatch& batch : pack_groups(groups, options_.token_budget)) {
    train_micro_batch(groups, batch, loss);
    rows += batch.forward.rows();
    if (progress) progress(rows);
  }
}

GroupScores TrainStep::score(std::span<const TokenGroup> groups) {
  GroupScores scores(groups.size());
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const auto& response : groups[g].responses) scores[g].emplace_back(response.size());
  }
  for (const MicroBatch& batch : pack_groups(groups, options_.token_budget)) {
    run_forward(batch, scoring_);
    for_each_chunk(batch, [&](std::span<const PredictedToken> chunk) {
      score_chunk(scoring_, chunk);
      for (size_t i = 0; i < chunk.size(); ++i) {
        scores[chunk[i].group][chunk[i].response][chunk[i].token] = scores_[i];
      }
    });
  }
  return scores;
}

void TrainStep::clear_gradients() {
  float* data = gradients_.data();
  constexpr int64_t kPiece = 1 << 20;
  parallel_for(ceil_div(gradients_.size(), kPiece), [&](int64_t i) {
    std::fill_n(data + i * kPiece, std::min(kPiece, gradients_.size() - i * kPiece), 0.0f);
  });
}

void TrainStep::release_workspace() {
  cache_.reset();
  training_ = Activations(model_.config(), training_.keep());
  scoring_ = Activations(model_.config(), scoring_.keep());
  for (Matrix* matrix : {&d_hidden_, &gathered_, &normed_, &logits_, &d_normed_}) *matrix = Matrix();
}

void TrainStep::run_forward(const MicroBatch& batch, Activations& activations) {
  if (!cache_ || cache_->blocks() < batch.blocks)
    cache_ = std::make_unique<KvCache>(model_.config(), batch.blocks);
  forward(model_, batch.forward, *cache_, activations);
}

void TrainStep::train_micro_batch(std::span<const TokenGroup> groups, const MicroBatch& batch,
                                  TokenLoss& loss) {
  const ParameterTable& table = model_.table();
  run_forward(batch, training_);
  d_hidden_.resize(batch.forward.rows(), model_.config().hidden);
  std::fill_n(d_hidden_.data(), d_hidden_.size(), 0.0f);
  const PredictedToken* bad = nullptr;
  // A response is never split between micro-batches, so this pass sees it whole.
  if (loss.needs_whole_responses()) {
    for_each_chunk(batch, [&](std::span<const PredictedToken> chunk) {
      score_chunk(training_, chunk);
      loss.observe(chunk, scores_);
    });
  }
  for_each_chunk(batch, [&](std::span<const PredictedToken> chunk) {
    score_chunk(training_, chunk);
    std::vector<TokenDerivative> derivatives(chunk.size());
    loss.evaluate(chunk, scores_, derivatives);
    if (bad == nullptr) bad = find_bad_token(chunk, scores_, derivatives);
    std::vector<float> d_log_prob, d_entropy;
    for (const TokenDerivative& d : derivatives) {
      d_log_prob.push_back(d.log_prob);
      d_entropy.push_back(d.entropy);
    }
    score_tokens_backward(logits_.view(), targets_, options_.temperature, scores_, d_log_prob, d_entropy);
    linear_dw(model_, {{table.lm_head(), logits_.view()}}, normed_.view(), gradients_.data());
    d_normed_.resize(normed_.rows(), normed_.cols());
    linear_dx(model_, {{table.lm_head(), logits_.view()}}, d_normed_.view());
    final_norm_rows_backward(model_, gathered_.view(), rows_, d_normed_.view(), d_hidden_.view(),
                             gradients_.data());
  });
  backward(model_, batch.forward, *cache_, training_, d_hidden_.view(), gradients_.data());
  if (bad == nullptr) bad = find_bad_row(batch, d_hidden_.view());
  if (bad != nullptr) refuse_gradient(table, gradients_.span(), groups, *bad);
}

void TrainStep::score_chunk(Activations& activations, std::span<const PredictedToken> chunk) {
  rows_.clear();
  targets_.clear();
  for (const PredictedToken& token : chunk) {
    rows_.push_back(token.row);
    targets_.push_back(token.target);
  }
  final_norm_rows(model_, activations.hidden.view(), rows_, gathered_, normed_);
  logits_.resize(std::ssize(chunk), model_.config().vocabulary);
  linear(model_, normed_.view(), {{model_.table().lm_head(), logits_.view()}});
  scores_.resize(chunk.size());
  score_tokens(logits_.view(), targets_, options_.temperature, scores_);
}

}  // namespace deepscaler
