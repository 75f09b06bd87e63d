#include "rl/grpo_metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace deepscaler {
namespace {

class Mean {
 public:
  void add(double x) {
    sum_ += x;
    squares_ += x * x;
    count_ += 1;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] double value() const { return sum_ / count_; }
  // The unbiased standard deviation; 0 of a single number.
  [[nodiscard]] double std() const {
    if (count_ < 2) return 0;
    return std::sqrt(std::max(0.0, (squares_ - sum_ * sum_ / count_) / (count_ - 1)));
  }
  void record(std::string_view name, Metrics& metrics) const {
    if (!empty()) metrics.set(name, value());
  }

 private:
  double sum_ = 0, squares_ = 0, count_ = 0;
};

// Every sample lists the same rewards, in the same order.
void record_parts(std::span<const RolloutGroup> groups, Metrics& metrics) {
  if (groups.empty() || groups[0].samples.empty()) return;
  const auto& names = groups[0].samples[0].rewards;
  for (size_t i = 0; i < names.size(); ++i) {
    Mean part;
    for (const RolloutGroup& group : groups) {
      for (const RolloutSample& sample : group.samples) {
        if (sample.rewards[i].value) part.add(*sample.rewards[i].value);
      }
    }
    if (part.empty()) continue;
    metrics.set(fmt::format("rewards/{}/mean", names[i].name), part.value());
    metrics.set(fmt::format("rewards/{}/std", names[i].name), part.std());
  }
}

}  // namespace

void record_rewards(std::span<const RolloutGroup> groups, Metrics& metrics) {
  Mean reward, group_std, equal;
  for (const RolloutGroup& group : groups) {
    Mean of_group;
    for (const RolloutSample& sample : group.samples) {
      if (!sample.reward) continue;
      of_group.add(*sample.reward);
      reward.add(*sample.reward);
    }
    group_std.add(of_group.std());
    equal.add(!rewards_differ(group.rewards()));
  }
  reward.record("reward", metrics);
  group_std.record("reward_std", metrics);
  record_parts(groups, metrics);
  equal.record("frac_reward_zero_std", metrics);
}

void record_completions(std::span<const RolloutGroup> groups, Metrics& metrics) {
  Mean length, terminated, right, wrong, clipped, undecided, no_answer;
  double shortest = INFINITY, longest = 0;
  for (const RolloutGroup& group : groups) {
    for (const RolloutSample& sample : group.samples) {
      const auto tokens = static_cast<double>(sample.generation.tokens.size());
      length.add(tokens);
      if (!sample.truncated()) terminated.add(tokens);
      if (!sample.verdict.undecided) (sample.verdict.correct ? right : wrong).add(tokens);
      clipped.add(sample.truncated());
      undecided.add(!sample.reward);
      no_answer.add(sample.verdict.extracted.empty());
      shortest = std::min(shortest, tokens);
      longest = std::max(longest, tokens);
    }
  }
  length.record("completions/mean_length", metrics);
  if (!length.empty()) {
    metrics.set("completions/min_length", shortest);
    metrics.set("completions/max_length", longest);
  }
  terminated.record("completions/mean_terminated_length", metrics);
  right.record("completions/mean_length_right", metrics);
  wrong.record("completions/mean_length_wrong", metrics);
  clipped.record("completions/clipped_ratio", metrics);
  undecided.record("completions/undecided_ratio", metrics);
  no_answer.record("completions/no_answer_ratio", metrics);
  const auto dropped = std::ranges::count(groups, true, &RolloutGroup::dropped);
  if (dropped > 0) metrics.set("dropped/equal_groups", static_cast<double>(dropped));
}

void record_teacher(std::span<RolloutGroup* const> groups, Metrics& metrics) {
  Mean divergence;
  for (const RolloutGroup* group : groups) {
    for (const RolloutSample& sample : group->samples) {
      const auto& teacher = sample.streams.teacher_log_probs;
      for (size_t t = 0; t < teacher.size(); ++t) {
        divergence.add(static_cast<double>(sample.generation.log_probs[t]) - teacher[t]);
      }
    }
  }
  divergence.record("teacher_kl", metrics);
}

void UpdateRecord::add(const GrpoLossSums& sums, double grad_norm) {
  if (updates_ == 0) first_ = sums;
  updates_ += 1;
  grad_norms_ += grad_norm;
  all_.add(sums);
}

void UpdateRecord::record(const LossConfig& config, Metrics& metrics) const {
  if (updates_ == 0) return;  // dynamic sampling dropped every group
  metrics.set("loss", all_.loss / updates_);
  metrics.set("grad_norm", grad_norms_ / updates_);
  if (all_.tokens == 0) return;
  const auto share = [&](double sum) { return sum / static_cast<double>(all_.tokens); };
  const auto low = static_cast<double>(all_.clipped_low), high = static_cast<double>(all_.clipped_high);
  metrics.set("entropy", share(all_.entropy));
  if (config.uses_reference()) metrics.set("kl", share(all_.kl));
  metrics.set("clip_ratio/low_mean", share(low));
  metrics.set("clip_ratio/high_mean", share(high));
  metrics.set("clip_ratio/region_mean", share(low + high));
  if (config.clip.dual) metrics.set("clip_ratio/dual_mean", share(static_cast<double>(all_.clipped_dual)));
  if (first_.tokens == 0) return;
  metrics.set("sampling/sampling_logp_difference/mean",
              first_.log_prob_difference / static_cast<double>(first_.tokens));
  metrics.set("sampling/sampling_logp_difference/max", first_.max_log_prob_difference);
}

}  // namespace deepscaler
