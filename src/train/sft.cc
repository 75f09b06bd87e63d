#include "train/sft.h"

#include <algorithm>
#include <cmath>

#include "base/config.h"
#include "base/error.h"
#include "base/rng.h"

namespace deepscaler {
namespace {

constexpr ConfigName<LossOn> kLossOnNames[] = {{"completions", LossOn::kCompletions}, {"all", LossOn::kAll}};
constexpr ConfigName<TraceChoice> kTraceNames[] = {
    {"verified", TraceChoice::kVerified}, {"stated", TraceChoice::kStated}, {"all", TraceChoice::kAll}};
constexpr ConfigName<TooLong> kTooLongNames[] = {
    {"skip", TooLong::kSkip}, {"truncate", TooLong::kTruncate}, {"refuse", TooLong::kRefuse}};

}  // namespace

void bind(ConfigSection& s, ExamplesConfig& c) {
  s.choice("traces", c.traces,
           "which traces of a teacher are learned: those that the answer checker accepts, those that their "
           "record states to be right, or all; truncated ones never are",
           kTraceNames);
  s.field("max_tokens", c.max_tokens, "longest example, in tokens; 0 is the model's context").at_least(0);
  s.choice("too_long", c.too_long, "what happens to longer ones; how many there are is always said",
           kTooLongNames);
}

void bind(ConfigSection& s, SftConfig& c) {
  bind(s, c.passes);
  s.choice("loss_on", c.loss_on, "what is learned of an example", kLossOnNames);
  bind(s, c.examples);
  s.field("eval_files", c.eval_files, "held-out examples for eval/loss, in the formats of data.files");
  s.field("eval_share", c.eval_share, "share of the examples to hold out for eval/loss").range(0, 0.9);
}

void NegativeLogLikelihood::evaluate(std::span<const PredictedToken> tokens,
                                     std::span<const TokenScore> scores,
                                     std::span<TokenDerivative> derivatives) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    derivatives[i].log_prob = -1.0f / static_cast<float>(tokens_);
    sums_.loss -= scores[i].log_prob;
    sums_.entropy += scores[i].entropy;
  }
}

LengthCounts limit_lengths(std::vector<Demonstration>& demonstrations, int64_t max_tokens, TooLong too_long) {
  LengthCounts counts;
  std::erase_if(demonstrations, [&](Demonstration& d) {
    const int64_t length = std::ssize(d.tokens);
    counts.longest = std::max(counts.longest, length);
    if (length <= max_tokens) return false;
    ++counts.longer;
    if (too_long == TooLong::kRefuse) {
      throw Error(d.where, fmt::format("it has {} tokens, more than max_tokens = {}", length, max_tokens),
                  "raise max_tokens, or set too_long to \"skip\" or \"truncate\"");
    }
    if (too_long == TooLong::kSkip) return true;
    int64_t keep = max_tokens;
    while (keep > 0 && d.in_loss[static_cast<size_t>(keep - 1)] == 0) --keep;
    if (keep == 0) return true;
    d.tokens.resize(static_cast<size_t>(keep));
    d.in_loss.resize(static_cast<size_t>(keep));
    ++counts.truncated;
    return false;
  });
  if (demonstrations.empty()) {
    throw Error("data",
                fmt::format("all {} examples are longer than max_tokens = {}", counts.longer, max_tokens),
                fmt::format("raise it; the longest has {} tokens", counts.longest));
  }
  return counts;
}

std::vector<Demonstration> split_off(std::vector<Demonstration>& demonstrations, double share,
                                     uint64_t seed) {
  const auto held_out = [&](const Demonstration& d) {
    return Rng(seed, {hash_name("held out"), hash_name(d.id)}).uniform(0) < share;
  };
  const auto first = std::stable_partition(demonstrations.begin(), demonstrations.end(),
                                           [&](const Demonstration& d) { return !held_out(d); });
  if (first == demonstrations.begin() || first == demonstrations.end()) {
    throw Error("eval_share",
                fmt::format("holding out {:.3g} of {} examples leaves {} to {}", share, demonstrations.size(),
                            "none", first == demonstrations.end() ? "evaluate on" : "train on"),
                "choose another share, or name eval_files");
  }
  std::vector<Demonstration> result(std::make_move_iterator(first),
                                    std::make_move_iterator(demonstrations.end()));
  demonstrations.erase(first, demonstrations.end());
  return result;
}

TokenGroup token_group(const Demonstration& d) {
  const auto first = std::ranges::find(d.in_loss, uint8_t{1}) - d.in_loss.begin();
  const std::span tokens(d.tokens);
  return {.prompt = tokens.first(static_cast<size_t>(first)),
          .responses = {tokens.subspan(static_cast<size_t>(first))},
          .in_loss = {std::span(d.in_loss).subspan(static_cast<size_t>(first))},
          .name = d.where};
}

double mean_loss(std::span<const Demonstration> demonstrations,
                 const std::function<GroupScores(std::span<const TokenGroup>)>& score) {
  std::vector<TokenGroup> groups;
  int64_t tokens = 0;
  for (const Demonstration& d : demonstrations) {
    groups.push_back(token_group(d));
    tokens += d.learned();
  }
  double sum = 0;
  for (const auto& group : score(groups)) {
    // Tokens without a loss have no score: zero.
    for (const TokenScore& score : group[0]) sum -= score.log_prob;
  }
  return sum / static_cast<double>(tokens);
}

}  // namespace deepscaler
