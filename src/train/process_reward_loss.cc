#include "train/process_reward_loss.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/config.h"

namespace deepscaler {
namespace {

struct StepTerm {
  double loss;
  double derivative;
  bool judged_rightly;
};

StepTerm step_term(bool is_right, double value) {
  const double sign = is_right ? 1 : -1, x = sign * value;
  const double loss = x < 0 ? std::log1p(std::exp(x)) - x : std::log1p(std::exp(-x));
  return {loss, -sign * -std::expm1(-loss), (value > 0) == is_right};
}

// Counts how many of some answers are judged rightly.
struct Share {
  double right = 0, all = 0;
  void add(bool is_right) {
    right += is_right ? 1 : 0;
    all += 1;
  }
  [[nodiscard]] double value() const { return right / all; }
};

double harmonic_mean(const Share& a, const Share& b) {
  if (a.all == 0 || b.all == 0) return a.all == 0 ? b.value() : a.value();
  const double sum = a.value() + b.value();
  return sum == 0 ? 0 : 2 * a.value() * b.value() / sum;
}

}  // namespace

void bind(ConfigSection& s, ProcessRewardConfig& c) {
  bind(s, c.passes);
  s.field("model", c.model,
          "whose layers the process reward model begins with: \"start\" (the weights that the stage starts "
          "from), "
          "\"stage NAME\" (the process reward model that this earlier stage made, or else what it ended "
          "with), or "
          "the path of a model");
  s.field("separator", c.separator, "what stands between two steps of an answer");
  s.require(!c.separator.empty(), "separator", "is empty", "name what ends a step, as \"\\n\\n\"");
  s.field("max_tokens", c.max_tokens,
          "longest prompt with an answer, in tokens; longer answers are left out; 0 is the model's context")
      .at_least(0);
  s.field("eval_files", c.eval_files, "held-out stepwise answers, on which the model is measured");
}

TokenGroup token_group(const StepwiseAnswer& answer) {
  return {.prompt = answer.prompt,
          .responses = {answer.response},
          .in_loss = {answer.is_end},
          .name = answer.where};
}

ProcessRewardLoss::ProcessRewardLoss(std::span<const StepwiseAnswer* const> answers) : answers_(answers) {
  for (const StepwiseAnswer* answer : answers) {
    steps_ += static_cast<double>(std::ranges::count(answer->is_end, uint8_t{1}));
  }
}

void ProcessRewardLoss::evaluate(std::span<const PredictedToken> tokens, std::span<const float> values,
                                 std::span<float> derivatives) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const StepwiseAnswer& answer = *answers_[static_cast<size_t>(tokens[i].group)];
    const StepTerm term = step_term(answer.is_right[static_cast<size_t>(tokens[i].token)] != 0, values[i]);
    sums_.loss += term.loss;
    sums_.judged_rightly += term.judged_rightly ? 1 : 0;
    derivatives[i] = static_cast<float>(term.derivative / steps_);
  }
}

ProcessRewardFigures process_reward_figures(std::span<const StepwiseAnswer* const> answers,
                                            const GroupValues& values) {
  Share steps, wrong_answers, right_answers;
  double loss = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    const StepwiseAnswer& answer = *answers[i];
    std::optional<size_t> first_wrong, first_found;
    for (size_t token = 0; token < answer.response.size(); ++token) {
      if (!answer.is_end[token]) continue;
      const bool is_right = answer.is_right[token] != 0;
      const double value = values[i][0][token];
      const StepTerm term = step_term(is_right, value);
      loss += term.loss;
      steps.add(term.judged_rightly);
      if (!is_right && !first_wrong) first_wrong = token;
      if (value <= 0 && !first_found) first_found = token;
    }
    (first_wrong ? wrong_answers : right_answers).add(first_wrong == first_found);
  }
  return {.loss = loss / steps.all,
          .accuracy = steps.value(),
          .first_error_f1 = harmonic_mean(wrong_answers, right_answers)};
}

}  // namespace deepscaler
