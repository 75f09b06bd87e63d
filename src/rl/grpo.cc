#include "rl/grpo.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "train/sft.h"

namespace deepscaler {
namespace {

using Groups = std::span<RolloutGroup>;

class Stopwatch {
 public:
  [[nodiscard]] double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::vector<const Problem*> draw_problems(const std::vector<Problem>& problems, int64_t count, int64_t step,
                                          uint64_t seed) {
  std::vector<const Problem*> drawn;
  for (int64_t i : shuffled_batch(std::ssize(problems), count, step, seed)) drawn.push_back(&problems[i]);
  return drawn;
}

void set_advantages(std::vector<RolloutGroup>& groups, const GrpoConfig& config) {
  for (RolloutGroup& group : groups) {
    std::vector<std::optional<double>> rewards;
    for (const RolloutSample& sample : group.samples) rewards.push_back(sample.reward);
    const auto advantages = group_advantages(rewards, config.loss.advantage, config.loss.advantage_eps);
    for (size_t i = 0; i < advantages.size(); ++i) group.samples[i].advantage = advantages[i];
  }
}

void require_decided(const std::vector<RolloutGroup>& groups, float max_share) {
  int64_t undecided = 0, samples = 0;
  for (const RolloutGroup& group : groups) {
    for (const RolloutSample& sample : group.samples) undecided += sample.verdict.undecided;
    samples += std::ssize(group.samples);
  }
  if (static_cast<double>(undecided) <= static_cast<double>(max_share) * static_cast<double>(samples)) return;
  throw Error("rollout", fmt::format("the verifier left {} of {} samples undecided", undecided, samples),
              "look at the rollouts of this step, or raise reward.max_undecided_share");
}

// Every response of the mini-batch counts in the denominators; groups without signal cost no pass.
PolicyLossSums update(Groups mini_batch, const GrpoConfig& config, GrpoWorkers& workers) {
  std::vector<int64_t> lengths;
  for (const RolloutGroup& group : mini_batch) {
    for (const RolloutSample& sample : group.samples) lengths.push_back(std::ssize(sample.generation.tokens));
  }
  const auto weights = token_weights(lengths, config.loss.aggregation, config.sampling.max_response_tokens);

  std::vector<TokenGroup> tokens;
  std::vector<std::vector<ResponseTarget>> targets;
  size_t response = 0;
  for (const RolloutGroup& group : mini_batch) {
    TokenGroup token_group{.prompt = group.prompt.tokens, .name = group.problem->id};
    std::vector<ResponseTarget> group_targets;
    for (const RolloutSample& sample : group.samples) {
      token_group.responses.emplace_back(sample.generation.tokens);
      group_targets.push_back({sample.generation.log_probs, sample.advantage, weights[response++]});
    }
    if (!group.has_signal()) continue;
    tokens.push_back(std::move(token_group));
    targets.push_back(std::move(group_targets));
  }
  PolicyLoss loss(std::move(targets), config.loss.clip);
  workers.train_step.clear_gradients();
  workers.train_step.accumulate(tokens, loss);
  return loss.sums();
}

void record_rewards(const std::vector<RolloutGroup>& groups, Metrics& metrics) {
  double sum = 0, squares = 0, count = 0, group_std = 0, equal_groups = 0;
  for (const RolloutGroup& group : groups) {
    double group_sum = 0, group_squares = 0, n = 0;
    for (const RolloutSample& sample : group.samples) {
      if (!sample.reward) continue;
      group_sum += *sample.reward;
      group_squares += *sample.reward * *sample.reward;
      n += 1;
    }
    if (n > 1) group_std += std::sqrt(std::max(0.0, (group_squares - group_sum * group_sum / n) / (n - 1)));
    equal_groups += !group.has_signal();
    sum += group_sum;
    squares += group_squares;
    count += n;
  }
  const auto group_count = static_cast<double>(groups.size());
  const double mean = count > 0 ? sum / count : 0;
  metrics.set("reward", mean);
  metrics.set("reward_std", group_std / group_count);
  metrics.set("rewards/accuracy/mean", mean);
  metrics.set("rewards/accuracy/std",
              count > 0 ? std::sqrt(std::max(0.0, squares / count - mean * mean)) : 0);
  metrics.set("frac_reward_zero_std", equal_groups / group_count);
}

struct Mean {
  double sum = 0, count = 0;
  void add(double x) {
    sum += x;
    count += 1;
  }
  void record(std::string_view name, Metrics& metrics) const {
    if (count > 0) metrics.set(name, sum / count);
  }
};

void record_completions(const std::vector<RolloutGroup>& groups, Metrics& metrics) {
  Mean length, terminated, right, wrong, clipped, undecided;
  double shortest = INFINITY, longest = 0;
  for (const RolloutGroup& group : groups) {
    for (const RolloutSample& sample : group.samples) {
      const auto tokens = static_cast<double>(sample.generation.tokens.size());
      const bool ended = sample.generation.finish_reason == FinishReason::kStop;
      length.add(tokens);
      if (ended) terminated.add(tokens);
      (sample.verdict.correct ? right : wrong).add(tokens);
      clipped.add(!ended);
      undecided.add(sample.verdict.undecided);
      shortest = std::min(shortest, tokens);
      longest = std::max(longest, tokens);
    }
  }
  length.record("completions/mean_length", metrics);
  metrics.set("completions/min_length", shortest);
  metrics.set("completions/max_length", longest);
  terminated.record("completions/mean_terminated_length", metrics);
  right.record("completions/mean_length_right", metrics);
  wrong.record("completions/mean_length_wrong", metrics);
  clipped.record("completions/clipped_ratio", metrics);
  undecided.record("completions/undecided_ratio", metrics);
}

// Figures of the step's updates; where no token was trained on, only those that are still defined.
class UpdateRecord {
 public:
  void add(const PolicyLossSums& sums, double grad_norm) {
    if (norm_.count == 0) first_ = sums;
    loss_.add(sums.loss);
    norm_.add(grad_norm);
    entropy_ += sums.entropy;
    low_ += static_cast<double>(sums.clipped_low);
    high_ += static_cast<double>(sums.clipped_high);
    tokens_ += static_cast<double>(sums.tokens);
  }
  void record(Metrics& metrics) const {
    loss_.record("loss", metrics);
    norm_.record("grad_norm", metrics);
    if (tokens_ == 0) return;
    metrics.set("entropy", entropy_ / tokens_);
    metrics.set("clip_ratio/low_mean", low_ / tokens_);
    metrics.set("clip_ratio/high_mean", high_ / tokens_);
    metrics.set("clip_ratio/region_mean", (low_ + high_) / tokens_);
    if (first_.tokens == 0) return;
    metrics.set("sampling/sampling_logp_difference/mean",
                first_.log_prob_difference / static_cast<double>(first_.tokens));
    metrics.set("sampling/sampling_logp_difference/max", first_.max_log_prob_difference);
  }

 private:
  PolicyLossSums first_;
  Mean loss_, norm_;
  double entropy_ = 0, low_ = 0, high_ = 0, tokens_ = 0;
};

}  // namespace

GrpoStepResult grpo_step(const GrpoConfig& config, const OptimizerConfig& optimizer,
                         const std::vector<Problem>& problems, uint64_t seed, int64_t step,
                         int64_t stage_step, GrpoWorkers& workers) {
  GrpoStepResult result;
  Stopwatch watch;
  const auto drawn = draw_problems(problems, config.sampling.problems_per_step, stage_step, seed);
  result.groups = roll_out(workers.engine, workers.encoder, drawn, config.sampling.samples_per_problem,
                           {.temperature = config.sampling.temperature,
                            .top_p = config.sampling.top_p,
                            .top_k = config.sampling.top_k,
                            .min_p = config.sampling.min_p,
                            .max_new_tokens = config.sampling.max_response_tokens,
                            .seed = seed,
                            .step = static_cast<uint64_t>(step)});
  result.metrics.set("time/generate", watch.lap());

  grade_rollout(result.groups);
  require_decided(result.groups, config.reward.max_undecided_share);
  set_advantages(result.groups, config);
  result.metrics.set("time/grade", watch.lap());

  UpdateRecord record;
  const auto groups = static_cast<int64_t>(result.groups.size());
  for (int64_t i = 0; i < config.loss.mini_batches; ++i) {
    const int64_t first = groups * i / config.loss.mini_batches;
    const int64_t last = groups * (i + 1) / config.loss.mini_batches;
    const PolicyLossSums sums = update(Groups(result.groups).subspan(first, last - first), config, workers);
    const double norm = workers.optimizer.step(optimizer, optimizer.lr, workers.train_step.gradients(),
                                               workers.model.weights());
    record.add(sums, norm);
  }
  result.metrics.set("time/train", watch.lap());

  record_rewards(result.groups, result.metrics);
  record_completions(result.groups, result.metrics);
  record.record(result.metrics);
  result.metrics.set("learning_rate", optimizer.lr);
  return result;
}

}  // namespace deepscaler
