// How a process reward model learns: a scorer whose number s at a step's last token says whether the step is
// right, with probability sigmoid(s). A step's loss is -log sigmoid(s) for a right one and -log sigmoid(-s)
// for a wrong one; that of a batch is the mean over its steps, as in TRL's PRMTrainer. A head of two logits
// learns the same through their difference: softmax over (l0, l1) at 1 is sigmoid(l1 - l0).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/epoch.h"
#include "data/stepwise_answer.h"
#include "train/head.h"
#include "train/step.h"

namespace deepscaler {

class ConfigSection;

struct ProcessRewardConfig {
  PassesConfig passes;
  std::string model = "start";          // "start", "stage NAME" or a path: whose layers it begins with
  std::string separator = "\n\n";       // between two steps
  int64_t max_tokens = 0;               // of a prompt and an answer; 0: the model's context
  std::vector<std::string> eval_files;  // held-out answers
};

void bind(ConfigSection& section, ProcessRewardConfig& config);

// The answer as a group for the training step, with a loss at the ends of its steps. Views.
[[nodiscard]] TokenGroup token_group(const StepwiseAnswer& answer);

// Number i of the answers belongs to group i of the training step.
class ProcessRewardLoss final : public ValueLoss {
 public:
  // `answers` and what it points to must outlive this object.
  explicit ProcessRewardLoss(std::span<const StepwiseAnswer* const> answers);

  void evaluate(std::span<const PredictedToken> tokens, std::span<const float> values,
                std::span<float> derivatives) override;
  [[nodiscard]] std::string take_measures() override { return take_sums(sums_); }
  void add_measures(std::string_view bytes) override { add_sums(sums_, bytes); }

  [[nodiscard]] double loss() const { return sums_.loss / steps_; }
  // Share of steps that are judged rightly; a step is held for right where its number is above 0.
  [[nodiscard]] double accuracy() const { return sums_.judged_rightly / steps_; }

 private:
  struct Sums {
    double loss = 0;
    double judged_rightly = 0;
    void add(const Sums& other) {
      loss += other.loss;
      judged_rightly += other.judged_rightly;
    }
  };

  std::span<const StepwiseAnswer* const> answers_;
  double steps_ = 0;
  Sums sums_;
};

// How well a process reward model judges whole answers.
struct ProcessRewardFigures {
  double loss = 0;
  double accuracy = 0;  // of steps
  // Harmonic mean of two shares: answers with a wrong step whose first wrong step is found, and answers
  // without one in which none is found (ProcessBench, Zheng et al. 2024, arXiv:2412.06559). The one share
  // where all answers are of one sort.
  double first_error_f1 = 0;
};

// `values` are the numbers of the answers' groups, read at TokenRow::kAt.
[[nodiscard]] ProcessRewardFigures process_reward_figures(std::span<const StepwiseAnswer* const> answers,
                                                          const GroupValues& values);

}  // namespace deepscaler
