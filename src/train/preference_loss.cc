#include "train/preference_loss.h"

#include <algorithm>
#include <cmath>

#include "base/config.h"

namespace deepscaler {
namespace {

constexpr ConfigName<PreferenceLoss> kLossNames[] = {{"sigmoid", PreferenceLoss::kSigmoid},
                                                     {"ipo", PreferenceLoss::kIpo}};

double log_sigmoid(double x) { return x < 0 ? x - std::log1p(std::exp(x)) : -std::log1p(std::exp(-x)); }
double sigmoid(double x) { return std::exp(log_sigmoid(x)); }

// Of one answer: the sum over its learned tokens. Other tokens have no score: zero.
double log_prob_of(const std::vector<TokenScore>& scores) {
  double sum = 0;
  for (const TokenScore& score : scores) sum += score.log_prob;
  return sum;
}

}  // namespace

void bind(ConfigSection& s, PreferenceConfig& c) {
  bind(s, c.passes);
  s.choice("loss", c.loss, "how the margin between the answers becomes a loss", kLossNames);
  s.field("reference_beta", c.beta, "how near to the reference the policy stays").above(0);
  s.field("label_smoothing", c.label_smoothing,
          "share of pairs that are taken to be labelled wrongly; of sigmoid")
      .range(0, 0.5);
  s.require(c.label_smoothing == 0 || c.loss == PreferenceLoss::kSigmoid, "label_smoothing",
            "is set, and ipo has none", "leave it out");
  s.field("per_token", c.per_token,
          "take means over an answer's tokens in place of sums; TRL does so for ipo");
  s.field(
      "reference", c.reference,
      "\"start\" (the weights that the stage starts from), \"data\" (ref_chosen_logps and ref_rejected_logps "
      "of the pairs), \"stage NAME\" (what that earlier stage ended with), or the path of a model");
  s.field("max_tokens", c.max_tokens,
          "longest prompt with an answer, in tokens; longer pairs are left out; 0 is the model's context")
      .at_least(0);
}

PreferenceTerm preference_term(const PreferenceConfig& config, const PairLogProbs& p) {
  const double beta = config.beta;
  const double chosen = p.chosen - p.reference_chosen, rejected = p.rejected - p.reference_rejected;
  const double h = chosen - rejected;
  PreferenceTerm term = {.reward_chosen = beta * chosen, .reward_rejected = beta * rejected};
  double d_h = 0;
  if (config.loss == PreferenceLoss::kIpo) {
    const double distance = h - 1 / (2 * beta);
    term.loss = distance * distance;
    d_h = 2 * distance;
  } else {
    const double e = config.label_smoothing;
    term.loss = -(1 - e) * log_sigmoid(beta * h) - e * log_sigmoid(-beta * h);
    d_h = beta * (e * sigmoid(beta * h) - (1 - e) * sigmoid(-beta * h));
  }
  term.d_chosen = d_h;
  term.d_rejected = -d_h;
  return term;
}

PreferenceBatch preference_batch(const PreferenceConfig& config, std::span<const PreferencePair* const> pairs,
                                 const GroupScores& policy, const GroupScores& reference) {
  PreferenceBatch batch;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const PreferencePair& pair = *pairs[i];
    const double chosen = config.per_token ? static_cast<double>(pair.chosen.learned()) : 1;
    const double rejected = config.per_token ? static_cast<double>(pair.rejected.learned()) : 1;
    const bool scored = !reference.empty();
    batch.log_probs.push_back(
        {.chosen = log_prob_of(policy[i][0]) / chosen,
         .rejected = log_prob_of(policy[i][1]) / rejected,
         .reference_chosen = (scored ? log_prob_of(reference[i][0]) : *pair.reference_chosen) / chosen,
         .reference_rejected =
             (scored ? log_prob_of(reference[i][1]) : *pair.reference_rejected) / rejected});
    const PreferenceTerm term = preference_term(config, batch.log_probs.back());
    const auto count = static_cast<double>(pairs.size());
    batch.derivatives.push_back({term.d_chosen / chosen / count, term.d_rejected / rejected / count});
    batch.terms.push_back(term);
  }
  return batch;
}

TokenGroup token_group(const PreferencePair& pair) {
  const auto first = std::ranges::find(pair.chosen.in_loss, uint8_t{1}) - pair.chosen.in_loss.begin();
  TokenGroup group = {.prompt = std::span(pair.chosen.tokens).first(static_cast<size_t>(first)),
                      .name = pair.chosen.where};
  for (const Demonstration* answer : {&pair.chosen, &pair.rejected}) {
    group.responses.push_back(std::span(answer->tokens).subspan(static_cast<size_t>(first)));
    group.in_loss.push_back(std::span(answer->in_loss).subspan(static_cast<size_t>(first)));
  }
  return group;
}

void LinearLoss::evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore>,
                          std::span<TokenDerivative> derivatives) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    derivatives[i].log_prob = static_cast<float>(derivatives_[tokens[i].group][tokens[i].response]);
  }
}

}  // namespace deepscaler
