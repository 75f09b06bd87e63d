#include "train/step.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/signals.h"
#include "comm/ranks.h"

namespace deepscaler {
namespace {

template <class Body>
void for_each_chunk(const MicroBatch& batch, const Body& body) {
  const std::span all(batch.predicted);
  for (size_t first = 0; first < all.size(); first += kHeadRows) {
    drop_if_stop_requested();
    body(all.subspan(first, std::min<size_t>(kHeadRows, all.size() - first)));
  }
}

bool is_finite(std::span<const float> numbers) {
  return std::ranges::all_of(numbers, [](float x) { return std::isfinite(x); });
}

// The token of the first row at which the gradient at the bottom of the layers is not finite: all that went
// wrong in the backward pass arrives there. Own rows of a response come first: a shared prompt's collect from
// all responses.
const PredictedToken* find_bad_row(const MicroBatch& batch, const Pass& pass) {
  for (const PredictedToken& token : batch.predicted) {
    if (token.token > 0 && !pass.is_finite_at(token.row)) return &token;
  }
  for (const PredictedToken& token : batch.predicted) {
    if (!pass.is_finite_at(token.row)) return &token;
  }
  return nullptr;
}

[[noreturn]] void refuse_gradient(const ParameterTable& table, std::span<const float> gradients,
                                  std::span<const TokenGroup> groups, const PredictedToken& token) {
  const TokenGroup& group = groups[static_cast<size_t>(token.group)];
  const auto bad = std::ranges::find_if(table.trainable(), [&](const ParameterInfo& p) {
    return !is_finite(gradients.subspan(static_cast<size_t>(p.offset), static_cast<size_t>(p.size)));
  });
  const std::string name =
      group.name.empty() ? fmt::format("group {}", token.group) : std::string(group.name);
  throw Error(group.responses.size() > 1 ? fmt::format("{}, sample {}", name, token.response) : name,
              fmt::format("it makes the gradient of {} not finite; the weights are left as they were",
                          bad == table.trainable().end() ? "the loss" : bad->name),
              "look at this sample, or lower the learning rate");
}

int64_t total_rows(const std::vector<MicroBatch>& batches) {
  int64_t rows = 0;
  for (const MicroBatch& batch : batches) rows += batch.forward.rows();
  return rows;
}

// compute(batch), bytes, of each micro-batch, in their order: each rank computes those that it is dealt.
template <class Compute>
std::vector<std::string> on_all_ranks(const std::vector<MicroBatch>& batches, const Compute& compute) {
  std::vector<int64_t> costs;
  for (const MicroBatch& batch : batches) costs.push_back(batch.forward.rows());
  const std::vector<int64_t> owners = deal(costs, ranks().size());
  std::vector<std::string> mine;
  for (size_t i = 0; i < batches.size(); ++i) {
    if (owners[i] == ranks().rank()) mine.push_back(compute(batches[i]));
  }
  return ranks().gather_dealt(owners, mine);
}

}  // namespace

TrainStep::TrainStep(const Model& model, const StepOptions& options, const Device& device)
    : model_(model), options_(options), pass_(device.make_pass(model, options.recompute)) {}

void TrainStep::accumulate(std::span<const TokenGroup> groups, Head& head,
                           const std::function<void(int64_t)>& progress) {
  drop_if_stop_requested();  // on several ranks here or nowhere: not all may have a micro-batch
  const std::vector<MicroBatch> batches = pack_groups(groups, options_.token_budget, head.token_row());
  if (options_.gradients == GradientSum::kFixed) return accumulate_dealt(groups, batches, head, progress);
  DEEPSCALER_CHECK(ranks().size() == 1, "float sums depend on the number of ranks");
  int64_t rows = 0;
  for (const MicroBatch& batch : batches) {
    train_micro_batch(groups, batch, head);
    rows += batch.forward.rows();
    if (progress) progress(rows);
  }
}

void TrainStep::accumulate_dealt(std::span<const TokenGroup> groups, const std::vector<MicroBatch>& batches,
                                 Head& head, const std::function<void(int64_t)>& progress) {
  if (!sum_) clear_gradients();
  int64_t rows = 0;
  const auto compute = [&](const MicroBatch& batch) {
    pass_->clear_gradients();
    train_micro_batch(groups, batch, head);
    sum_->add(pass_->gradients());
    rows += batch.forward.rows();
    if (progress) progress(std::min(rows * ranks().size(), total_rows(batches)));
    return head.loss().take_measures();
  };
  for (const std::string& measures : on_all_ranks(batches, compute)) head.loss().add_measures(measures);
}

void TrainStep::add_up_gradients() {
  if (options_.gradients == GradientSum::kFloat || sum_->reduce(ranks(), pass_->edit_gradients())) return;
  throw Error("the update",
              "a gradient is not finite, or too large for fixed sums; the weights are left as they were",
              "lower the learning rate, or set gradients = \"f32\" on one rank");
}

void TrainStep::clear_gradients() {
  pass_->clear_gradients();
  if (options_.gradients == GradientSum::kFloat) return;
  if (!sum_) sum_.emplace(model_.table().trainable_size());
  sum_->clear();
}

void TrainStep::train_micro_batch(std::span<const TokenGroup> groups, const MicroBatch& batch, Head& head) {
  pass_->reserve(batch.blocks, Contents::kZero);
  pass_->forward(batch.forward, PassPurpose::kTraining);
  head.begin(batch);
  // A response is never split between micro-batches, so this pass sees it whole.
  if (head.needs_whole_responses()) {
    for_each_chunk(batch, [&](std::span<const PredictedToken> chunk) { head.observe(*pass_, chunk); });
  }
  const PredictedToken* bad = nullptr;
  for_each_chunk(batch, [&](std::span<const PredictedToken> chunk) {
    const PredictedToken* bad_here = head.evaluate(*pass_, chunk);
    if (bad == nullptr) bad = bad_here;
  });
  pass_->backward();
  if (bad == nullptr) bad = find_bad_row(batch, *pass_);
  if (bad != nullptr) refuse_gradient(model_.table(), pass_->gradients(), groups, *bad);
}

// Reads a number of every response token; read(chunk, numbers) fills in those of a chunk.
template <class Number, class Read>
std::vector<std::vector<std::vector<Number>>> TrainStep::read_all(std::span<const TokenGroup> groups,
                                                                  TokenRow token_row, const Read& read) {
  std::vector<std::vector<std::vector<Number>>> all(groups.size());
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const auto& response : groups[g].responses) all[g].emplace_back(response.size());
  }
  const DroppableWork droppable;
  drop_if_stop_requested();  // on several ranks here or nowhere, as all of them do
  const std::vector<MicroBatch> batches = pack_groups(groups, options_.token_budget, token_row);
  const auto compute = [&](const MicroBatch& batch) {
    pass_->reserve(batch.blocks, Contents::kZero);
    pass_->forward(batch.forward, PassPurpose::kInference);
    std::string bytes(batch.predicted.size() * sizeof(Number), '\0');
    auto* numbers = reinterpret_cast<Number*>(bytes.data());
    for_each_chunk(batch, [&](std::span<const PredictedToken> chunk) {
      read(chunk, std::span(numbers, chunk.size()));
      numbers += chunk.size();
    });
    return bytes;
  };
  const std::vector<std::string> parts = on_all_ranks(batches, compute);
  for (size_t b = 0; b < batches.size(); ++b) {
    const auto* numbers = reinterpret_cast<const Number*>(parts[b].data());
    for (const PredictedToken& token : batches[b].predicted) {
      all[token.group][token.response][token.token] = *numbers++;
    }
  }
  return all;
}

GroupScores TrainStep::score(std::span<const TokenGroup> groups, float temperature) {
  return read_all<TokenScore>(groups, TokenRow::kBefore,
                              [&](std::span<const PredictedToken> chunk, std::span<TokenScore> scores) {
                                std::vector<int32_t> targets;
                                for (const PredictedToken& token : chunk) targets.push_back(token.target);
                                pass_->score(token_rows(chunk), targets, temperature, scores);
                              });
}

GroupValues TrainStep::values(std::span<const TokenGroup> groups, TokenRow token_row) {
  return read_all<float>(groups, token_row,
                         [&](std::span<const PredictedToken> chunk, std::span<float> values) {
                           pass_->values(token_rows(chunk), values);
                         });
}

}  // namespace deepscaler
