#include "train/reward_loss.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/config.h"

namespace deepscaler {
namespace {

constexpr ConfigName<RewardLoss> kLossNames[] = {{"bradley-terry", RewardLoss::kBradleyTerry},
                                                 {"pointwise", RewardLoss::kPointwise}};

double log_sigmoid(double x) { return x < 0 ? x - std::log1p(std::exp(x)) : -std::log1p(std::exp(-x)); }
double sigmoid(double x) { return std::exp(log_sigmoid(x)); }

// A model's verdict: what it holds for more likely, how surely, and how far it is right: 1, 0, or 0.5 for a
// tie.
struct Judgement {
  double confidence;
  double right;
};

Judgement judge(const RewardExample& example, const ExampleScores& scores) {
  const double x = example.is_pair() ? scores[0] - scores[1] : scores[0];
  const double p = sigmoid(x);
  const bool says_good = x > 0, is_good = example.is_pair() || example.is_good;
  return {std::max(p, 1 - p), x == 0 && example.is_pair() ? 0.5 : (says_good == is_good ? 1.0 : 0.0)};
}

double calibration_error(std::span<const Judgement> judgements) {
  constexpr int kBins = 10;  // of equal width, from 0.5 to 1
  std::array<double, kBins> difference{};
  for (const Judgement& j : judgements) {
    const auto bin = std::min(kBins - 1, static_cast<int>((j.confidence - 0.5) * 2 * kBins));
    difference[static_cast<size_t>(bin)] += j.confidence - j.right;
  }
  double sum = 0;
  for (const double d : difference) sum += std::abs(d);
  return sum / static_cast<double>(judgements.size());
}

class Mean {
 public:
  void add(double x) {
    sum_ += x;
    count_ += 1;
  }
  [[nodiscard]] double value_or(double none) const { return count_ == 0 ? none : sum_ / count_; }

 private:
  double sum_ = 0, count_ = 0;
};

}  // namespace

void bind(ConfigSection& s, RewardModelConfig& c) {
  bind(s, c.passes);
  s.choice("loss", c.loss, "what scores are made for: pairs of answers, or answers that are good or bad",
           kLossNames);
  s.field("centering", c.centering,
          "of the square of a pair's sum of scores in the loss; keeps scores near 0")
      .at_least(0);
  s.require(c.centering == 0 || c.loss == RewardLoss::kBradleyTerry, "centering",
            "is set, and pointwise has none", "leave it out");
  s.field(
      "model", c.model,
      "whose layers the reward model begins with: \"start\" (the weights that the stage starts from), "
      "\"stage "
      "NAME\" (the reward model that this earlier stage made, or else what it ended with), or the path of a "
      "model");
  s.field("max_tokens", c.max_tokens,
          "longest prompt with an answer, in tokens; longer examples are left out; 0 is the model's context")
      .at_least(0);
  s.field("eval_files", c.eval_files, "held-out examples, on which accuracy is measured");
  s.field("eval_share", c.eval_share, "share of the examples that are held out for it, without eval_files")
      .range(0, 0.9);
  s.require(c.eval_share == 0 || c.eval_files.empty(), "eval_share", "stands beside eval_files",
            "leave one of them out");
}

int64_t RewardExample::longest() const {
  int64_t longest = 0;
  for (const Demonstration& answer : answers) longest = std::max(longest, std::ssize(answer.tokens));
  return longest;
}

int64_t RewardExample::tokens() const {
  int64_t tokens = 0;
  for (const Demonstration& answer : answers) tokens += std::ssize(answer.tokens);
  return tokens;
}

RewardExample reward_example(PreferencePair&& pair) {
  RewardExample example = {.answers = {}, .margin = pair.margin.value_or(0)};
  example.answers.push_back(std::move(pair.chosen));
  example.answers.push_back(std::move(pair.rejected));
  return example;
}

RewardExample reward_example(RatedAnswer&& answer) {
  RewardExample example = {.answers = {}, .is_good = answer.is_good};
  example.answers.push_back(std::move(answer.answer));
  return example;
}

TokenGroup token_group(const RewardExample& example) {
  const Demonstration& first = example.answers.front();
  const auto prompt =
      static_cast<size_t>(std::ranges::find(first.in_loss, uint8_t{1}) - first.in_loss.begin());
  TokenGroup group = {.prompt = std::span(first.tokens).first(prompt), .name = first.where};
  for (const Demonstration& answer : example.answers) {
    group.responses.push_back(std::span(answer.tokens).subspan(prompt));
  }
  return group;
}

std::vector<ExampleScores> scores_of(const GroupValues& values) {
  std::vector<ExampleScores> scores;
  for (const auto& example : values) {
    scores.emplace_back();
    for (const auto& answer : example) scores.back().push_back(answer.back());
  }
  return scores;
}

RewardTerm reward_term(const RewardModelConfig& config, const RewardExample& example,
                       const ExampleScores& scores) {
  if (!example.is_pair()) {
    const double sign = example.is_good ? 1 : -1;
    return {-log_sigmoid(sign * scores[0]), {-sign * sigmoid(-sign * scores[0])}};
  }
  const double x = scores[0] - scores[1] - example.margin, sum = scores[0] + scores[1];
  const double slope = sigmoid(-x), center = 2 * config.centering * sum;
  return {-log_sigmoid(x) + config.centering * sum * sum, {center - slope, center + slope}};
}

RewardFigures reward_figures(const RewardModelConfig& config, std::span<const RewardExample* const> examples,
                             std::span<const ExampleScores> scores) {
  Mean loss, accuracy, ties, margin, all, longer_chosen, longer_preferred;
  RewardFigures figures = {.min = INFINITY, .max = -INFINITY};
  std::vector<Judgement> judgements;
  for (size_t i = 0; i < examples.size(); ++i) {
    const RewardExample& example = *examples[i];
    loss.add(reward_term(config, example, scores[i]).loss);
    judgements.push_back(judge(example, scores[i]));
    accuracy.add(judgements.back().right == 1);
    for (const double score : scores[i]) {
      all.add(score);
      figures.min = std::min(figures.min, score);
      figures.max = std::max(figures.max, score);
    }
    if (!example.is_pair()) continue;
    ties.add(scores[i][0] == scores[i][1]);
    margin.add(scores[i][0] - scores[i][1]);
    const auto chosen = example.answers[0].tokens.size(), rejected = example.answers[1].tokens.size();
    if (chosen == rejected) continue;
    longer_chosen.add(chosen > rejected);
    longer_preferred.add(chosen > rejected ? scores[i][0] > scores[i][1] : scores[i][1] > scores[i][0]);
  }
  figures.loss = loss.value_or(0);
  figures.accuracy = accuracy.value_or(0);
  figures.ties = ties.value_or(0);
  figures.margin = margin.value_or(0);
  figures.mean = all.value_or(0);
  figures.longer_chosen = longer_chosen.value_or(0.5);
  figures.longer_preferred = longer_preferred.value_or(0.5);
  figures.calibration_error = calibration_error(judgements);
  return figures;
}

void LastValueLoss::evaluate(std::span<const PredictedToken> tokens, std::span<const float>,
                             std::span<float> derivatives) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto [row, target, group, response, token] = tokens[i];
    const bool is_last = token + 1 == std::ssize(groups_[static_cast<size_t>(group)].responses[response]);
    derivatives[i] = is_last ? static_cast<float>(derivatives_[group][response]) : 0.0f;
  }
}

}  // namespace deepscaler
