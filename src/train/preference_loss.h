// Direct preference optimization: the policy's log-probability of the better answer rises above that of the
// worse one, by more than a reference's does. With h = (log pi_c - log ref_c) - (log pi_r - log ref_r):
//
//   sigmoid  -(1 - e) log sigmoid(beta h) - e log sigmoid(-beta h)     DPO: Rafailov et al., 2023, eq. 7;
//                                                                      e, label smoothing: Mitchell, 2023
//   ipo      (h - 1 / (2 beta))^2                                      Azar et al., 2023, eq. 17
//
// Log-probabilities are sums over an answer's learned tokens, or with per_token their means: so TRL has ipo.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/epoch.h"
#include "data/preference_pair.h"
#include "train/step.h"
#include "train/token_loss.h"

namespace deepscaler {

class ConfigSection;

enum class PreferenceLoss { kSigmoid, kIpo };

struct PreferenceConfig {
  PassesConfig passes;  // an example is a pair
  PreferenceLoss loss = PreferenceLoss::kSigmoid;
  double beta = 0.1;
  double label_smoothing = 0;
  bool per_token = false;
  // "start": the policy as the stage begins; "data": log-probabilities in the pairs; or a model.
  std::string reference = "start";
  int64_t max_tokens = 0;  // of a prompt and an answer; longer pairs are left out; 0: the model's context
};

void bind(ConfigSection& section, PreferenceConfig& config);

// Log-probabilities of a pair's answers.
struct PairLogProbs {
  double chosen = 0, rejected = 0;
  double reference_chosen = 0, reference_rejected = 0;
};

// The loss of a pair and its derivatives with respect to the policy's log-probabilities. Rewards are the
// implied ones: beta times the log-ratio to the reference.
struct PreferenceTerm {
  double loss = 0;
  double d_chosen = 0, d_rejected = 0;
  double reward_chosen = 0, reward_rejected = 0;
};

[[nodiscard]] PreferenceTerm preference_term(const PreferenceConfig& config, const PairLogProbs& log_probs);

// What the scores of some pairs come to.
struct PreferenceBatch {
  std::vector<PairLogProbs> log_probs;
  std::vector<PreferenceTerm> terms;
  // Of the mean loss with respect to the log-probability of each learned token of an answer: [pair][answer],
  // chosen first.
  std::vector<std::vector<double>> derivatives;
};

// `policy` and `reference` are scores of the pairs' token groups. An empty `reference` stands for the
// log-probabilities that the pairs hold.
[[nodiscard]] PreferenceBatch preference_batch(const PreferenceConfig& config,
                                               std::span<const PreferencePair* const> pairs,
                                               const GroupScores& policy, const GroupScores& reference);

// The pair as a group for the training step: the prompt, then the chosen and the rejected answer. Views.
[[nodiscard]] TokenGroup token_group(const PreferencePair& pair);

// A loss that is linear in log-probabilities: the derivative of each learned token is that of its response.
class LinearLoss : public TokenLoss {
 public:
  // [group][response]
  explicit LinearLoss(std::vector<std::vector<double>> derivatives) : derivatives_(std::move(derivatives)) {}

  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                std::span<TokenDerivative> derivatives) override;

 private:
  std::vector<std::vector<double>> derivatives_;
};

}  // namespace deepscaler
