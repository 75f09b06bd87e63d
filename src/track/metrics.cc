#include "track/metrics.h"

#include <charconv>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr MetricInfo kTable[] = {
    {"stage", "number of the recipe's stage, from 0", "1", "the step"},
    {"epoch", "passes over the stage's data so far", "1", "the stage"},
    {"num_tokens", "tokens seen in training, prompts included", "tokens", "the run so far"},
    {"learning_rate", "rate of the optimizer's update", "1", "the step's last update"},
    {"loss", "what the optimizer minimizes", "1",
     "as the loss's aggregation says, mean of the step's updates"},
    {"grad_norm", "Euclidean norm of the whole gradient before clipping", "1", "mean of the step's updates"},
    {"entropy", "- sum p ln p of the next-token distribution", "nats", "tokens with a loss"},
    {"entropy_coef", "coefficient of the entropy bonus that follows entropy_target", "1",
     "after the step's last update"},

    {"reward", "weighted sum of the rewards", "1", "decided samples"},
    {"reward_std", "unbiased standard deviation of the rewards in a group, of G - 1", "1", "groups"},
    {"rewards/{name}/mean", "one reward, unweighted", "1", "decided samples"},
    {"rewards/{name}/std", "unbiased standard deviation of one reward, of n - 1", "1", "decided samples"},
    {"rewards/chosen", "beta (log pi - log reference) of the better answer", "1", "pairs"},
    {"rewards/rejected", "beta (log pi - log reference) of the worse answer", "1", "pairs"},
    {"rewards/margins", "rewards/chosen - rewards/rejected", "1", "pairs"},
    {"rewards/accuracies", "share of pairs whose better answer has the greater of these rewards", "1",
     "pairs"},
    {"logps/chosen", "log pi of the better answer: sum over its tokens, or with per_token their mean", "nats",
     "pairs"},
    {"logps/rejected", "log pi of the worse answer, likewise", "nats", "pairs"},
    {"accuracy", "share of examples that a reward model judges rightly; a tie is wrong", "1", "examples"},
    {"ties", "share of pairs whose answers have equal scores", "1", "pairs"},
    {"margin", "score of the better answer - score of the worse one", "1", "pairs"},
    {"mean_reward", "a reward model's score", "1", "answers"},
    {"min_reward", "the lowest of these", "1", "answers"},
    {"max_reward", "the highest of these", "1", "answers"},
    {"longer_chosen", "share of pairs whose better answer is the longer one", "1",
     "pairs of different lengths"},
    {"longer_preferred", "share of pairs whose longer answer has the greater score", "1",
     "pairs of different lengths"},
    {"calibration_error", "|confidence - share of right verdicts| over 10 bins of confidence, by their size",
     "1", "examples"},
    {"step_accuracy", "share of steps that a process reward model judges rightly", "1", "labelled steps"},
    {"frac_reward_zero_std", "share of groups whose rewards are all equal", "1", "groups"},
    {"completions/mean_length", "tokens of a response, its end included", "tokens", "samples"},
    {"completions/min_length", "shortest response", "tokens", "samples"},
    {"completions/max_length", "longest response", "tokens", "samples"},
    {"completions/mean_terminated_length", "tokens of a response that ended by itself", "tokens",
     "samples that ended"},
    {"completions/mean_length_right", "tokens of a response with full accuracy", "tokens", "right samples"},
    {"completions/mean_length_wrong", "tokens of a response without it", "tokens", "wrong samples"},
    {"completions/clipped_ratio", "share of responses cut at the length limit", "1", "samples"},
    {"completions/undecided_ratio",
     "share of responses without a reward: the verifier or a program left them open", "1", "samples"},
    {"completions/no_answer_ratio", "share of responses in which no answer was found", "1", "samples"},
    {"kept", "responses that went into the stage's data set", "responses", "the step"},
    {"rejected/{name}", "responses that did not, by reason", "responses", "the step"},
    {"kl", "the chosen estimator of the divergence from the reference model", "nats", "tokens with a loss"},
    {"teacher_kl", "log pi - log teacher, an estimate of KL(pi || teacher)", "nats", "sampled tokens"},
    {"on_policy", "1 where the step's completions are the policy's own, else 0", "1", "the step"},
    {"critic/vf_loss",
     "half the squared error of the critic's values, clipped ones as they count in the loss", "1",
     "tokens with a loss, mean of the step's updates"},
    {"critic/vf_clipfrac", "share of tokens whose value was clipped", "1", "tokens with a loss"},
    {"critic/vf_explained_var", "1 - var(return - value) / var(return), before the step's updates", "1",
     "tokens with a reward"},
    {"critic/values/mean", "the critic's value before a token", "1", "tokens with a reward"},
    {"critic/returns/mean", "what the critic's value is to be", "1", "tokens with a reward"},
    {"critic/advantages/mean", "advantages before whitening", "1", "tokens with a reward"},
    {"critic/grad_norm", "as grad_norm, of the critic", "1", "mean of the step's updates"},
    {"critic/lr", "rate of the critic's updates", "1", "the step"},
    {"actor/reward_kl_penalty",
     "divergence from the reference that is taken off rewards, not times its coefficient", "nats",
     "tokens of a response, then responses"},
    {"actor/reward_kl_penalty_coeff", "coefficient of that divergence", "1", "the step"},
    {"clip_ratio/low_mean", "share of tokens clipped at the lower bound", "1", "tokens with a loss"},
    {"clip_ratio/high_mean", "share of tokens clipped at the upper bound", "1", "tokens with a loss"},
    {"clip_ratio/region_mean", "share of tokens clipped at either bound", "1", "tokens with a loss"},
    {"clip_ratio/dual_mean", "share of tokens at the dual bound", "1", "tokens with a loss"},
    {"sampling/sampling_logp_difference/mean", "|log p in training - log p recorded in sampling|", "nats",
     "tokens of the first update"},
    {"sampling/sampling_logp_difference/max", "the greatest of these; 0 when training is exactly on-policy",
     "nats", "tokens of the first update"},
    {"dropped/{name}", "what was left out and why (too long, no answer, ...)", "1", "the step"},

    {"eval/loss",
     "mean negative log-probability of held-out text; or a reward model's loss on held-out examples", "nats",
     "tokens with a loss, or examples"},
    {"eval/accuracy", "as accuracy, of held-out examples", "1", "examples"},
    {"eval/ties", "as ties, likewise", "1", "pairs"},
    {"eval/margin", "as margin, likewise", "1", "pairs"},
    {"eval/longer_chosen", "as longer_chosen, likewise", "1", "pairs of different lengths"},
    {"eval/longer_preferred", "as longer_preferred, likewise", "1", "pairs of different lengths"},
    {"eval/calibration_error", "as calibration_error, likewise", "1", "examples"},
    {"eval/step_accuracy", "as step_accuracy, of held-out answers", "1", "labelled steps"},
    {"eval/first_error_f1",
     "harmonic mean of two shares: wrong answers whose first wrong step is found, and right ones in which "
     "none is",
     "1", "answers"},
    {"eval/pass@1", "share of right answers", "1", "samples, then problems"},
    {"eval/mean_length", "tokens of a response, its end included", "tokens", "samples"},
    {"eval/clipped_ratio", "share of responses cut at the length limit", "1", "samples"},
    {"eval/undecided_ratio", "share of responses that the verifier could not decide", "1", "samples"},
    {"eval/no_answer_ratio", "share of responses in which no answer was found", "1", "samples"},

    {"time/step", "wall time of the step", "s", "the step"},
    {"time/generate", "wall time of sampling", "s", "the step"},
    {"time/grade", "wall time of grading", "s", "the step"},
    {"time/train", "wall time of forward, backward and update", "s", "the step"},
    {"time/hash", "wall time of hashing the weights", "s", "the step"},
    {"time/rank/busy_{name}", "time that a rank computed: min, mean and max", "s", "the ranks of the step"},
    {"time/rank/wait_{name}", "time that a rank exchanged numbers or waited for others", "s",
     "the ranks of the step"},
    {"time/rank/mib", "what all ranks gave to each other", "MiB", "the step"},
    {"time/eval", "wall time of an evaluation", "s", "the evaluation"},
    {"time/tokens_per_second", "tokens trained on per second of the step", "tokens/s", "the step"},
    {"time/peak_share", "rate of the matrix products' FLOPs over the whole step, of their rate by themselves",
     "1", "the step"},
};

// Whether a name fits a pattern in which {name} stands for one or more characters without a slash.
bool fits(std::string_view pattern, std::string_view name) {
  constexpr std::string_view kHole = "{name}";
  const size_t hole = pattern.find(kHole);
  if (hole == std::string_view::npos) return pattern == name;
  const std::string_view head = pattern.substr(0, hole), tail = pattern.substr(hole + kHole.size());
  if (name.size() <= head.size() + tail.size()) return false;
  const std::string_view word = name.substr(head.size(), name.size() - head.size() - tail.size());
  return name.starts_with(head) && name.ends_with(tail) && word.find('/') == std::string_view::npos;
}

}  // namespace

std::span<const MetricInfo> metric_table() { return kTable; }

const MetricInfo* find_metric(std::string_view name) {
  for (const auto& metric : kTable)
    if (fits(metric.name, name)) return &metric;
  return nullptr;
}

double as_written(float value) {
  char digits[32];
  const char* end = std::to_chars(digits, std::end(digits), value).ptr;
  double written = 0;
  std::from_chars(digits, end, written);
  return written;
}

void Metrics::set(std::string_view name, double value) {
  DEEPSCALER_CHECK(find_metric(name), "the metric {} is not in the table", name);
  for (auto& entry : values_)
    if (entry.first == name) {
      entry.second = value;
      return;
    }
  values_.emplace_back(name, value);
}

std::optional<double> Metrics::get(std::string_view name) const {
  for (const auto& entry : values_)
    if (entry.first == name) return entry.second;
  return std::nullopt;
}

void Metrics::add(const Metrics& other) {
  for (const auto& [name, value] : other.values_) set(name, value);
}

}  // namespace deepscaler
