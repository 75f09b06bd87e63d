// Losses of reward models. With s the score of an answer, read at its last token:
//
//   bradley-terry  -log sigmoid(s_chosen - s_rejected - margin) + c (s_chosen + s_rejected)^2
//                  (Ouyang et al., 2022, eq. 1; margins: Llama 2, 2023, eq. 2; centering c: Eisenstein et
//                  al., 2023, arXiv:2312.09244)
//   pointwise      -log sigmoid(s) for a good answer, -log sigmoid(-s) for a bad one   (R1's safety model)
//
// The loss of a batch is the mean over its examples.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/epoch.h"
#include "data/preference_pair.h"
#include "data/rated_answer.h"
#include "train/head.h"
#include "train/step.h"

namespace deepscaler {

class ConfigSection;

enum class RewardLoss { kBradleyTerry, kPointwise };

struct RewardModelConfig {
  PassesConfig passes;  // an example is a pair, or an answer
  RewardLoss loss = RewardLoss::kBradleyTerry;
  double centering = 0;
  std::string model = "start";          // "start", "stage NAME" or a path: whose layers it begins with
  int64_t max_tokens = 0;               // of a prompt and an answer; 0: the model's context
  std::vector<std::string> eval_files;  // held-out examples
  double eval_share = 0;                // of the examples, held out
};

void bind(ConfigSection& section, RewardModelConfig& config);

// What a reward model learns from: the chosen and the rejected answer to a prompt, or one answer.
struct RewardExample {
  std::vector<Demonstration> answers;
  double margin = 0;     // of a pair
  bool is_good = false;  // of a single answer

  [[nodiscard]] bool is_pair() const { return answers.size() == 2; }
  [[nodiscard]] int64_t longest() const;  // answer with its prompt, in tokens
  [[nodiscard]] int64_t tokens() const;   // of all answers with their prompts
};
[[nodiscard]] RewardExample reward_example(PreferencePair&& pair);
[[nodiscard]] RewardExample reward_example(RatedAnswer&& answer);

// The example as a group for the training step: the prompt, then its answers. Views.
[[nodiscard]] TokenGroup token_group(const RewardExample& example);

// The scores of an example's answers: of a pair chosen, rejected.
using ExampleScores = std::vector<double>;

// The scores of some examples, of the values of their token groups.
[[nodiscard]] std::vector<ExampleScores> scores_of(const GroupValues& values);

// The loss of an example and its derivatives with respect to its scores.
struct RewardTerm {
  double loss = 0;
  ExampleScores derivatives;
};
[[nodiscard]] RewardTerm reward_term(const RewardModelConfig& config, const RewardExample& example,
                                     const ExampleScores& scores);

// How well scores tell good answers from bad ones.
struct RewardFigures {
  double loss = 0;
  // Share of right verdicts: a pair's chosen answer has the greater score, a good answer's is above 0. TRL
  // counts a tie as wrong.
  double accuracy = 0;
  double ties = 0;    // share of pairs with equal scores; they are half right in calibration_error
  double margin = 0;  // of pairs: mean score of the chosen answers, less that of the rejected ones
  double mean = 0, min = 0, max = 0;  // of all scores
  // Length balance, of the pairs whose answers differ in length: the share in which the chosen one is the
  // longer one, and the share in which the longer one has the greater score. 0.5 where there is no such pair.
  double longer_chosen = 0.5, longer_preferred = 0.5;
  // Mean over 10 bins of confidence, by their size, of |confidence - share of right verdicts|, where
  // confidence is max(p, 1 - p) and p = sigmoid(score or difference of scores) (Guo et al., 2017, eq. 3).
  double calibration_error = 0;
};
[[nodiscard]] RewardFigures reward_figures(const RewardModelConfig& config,
                                           std::span<const RewardExample* const> examples,
                                           std::span<const ExampleScores> scores);

// A loss that is linear in the values of each response's last token. derivatives[group][response].
class LastValueLoss : public ValueLoss {
 public:
  // `groups` must outlive this object.
  LastValueLoss(std::span<const TokenGroup> groups, std::vector<std::vector<double>> derivatives)
      : groups_(groups), derivatives_(std::move(derivatives)) {}

  void evaluate(std::span<const PredictedToken> tokens, std::span<const float> values,
                std::span<float> derivatives) override;

 private:
  std::span<const TokenGroup> groups_;
  std::vector<std::vector<double>> derivatives_;
};

}  // namespace deepscaler
