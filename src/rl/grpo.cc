#include "rl/grpo.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/stopwatch.h"
#include "data/epoch.h"
#include "rl/credit.h"
#include "rl/grpo_metrics.h"
#include "rl/reference.h"

namespace deepscaler {
namespace {

using Groups = std::vector<RolloutGroup>;

// The problems of a step, and after them those that later rounds may need; each epoch has an order of its
// own.
std::vector<const Problem*> reserve_problems(const GrpoDraw& draw, const RolloutConfig& rollout) {
  const std::vector<Problem>& problems = draw.problems;
  std::vector<const Problem*> reserved;
  const int64_t count = rollout.problems_per_step * (1 + rollout.resample_rounds);
  for (int64_t i : shuffled_batch(std::ssize(problems), count, draw.stage_step, draw.seed)) {
    const bool replaces = std::ssize(reserved) >= rollout.problems_per_step;
    if (replaces && std::ranges::count(reserved, &problems[i]) > 0) continue;
    reserved.push_back(&problems[i]);
  }
  return reserved;
}

void require_decided(const Groups& groups, float max_share) {
  int64_t undecided = 0, samples = 0;
  std::map<std::string, int64_t> open;  // samples by the reward that left them so
  for (const RolloutGroup& group : groups) {
    for (const RolloutSample& sample : group.samples) {
      for (const RewardPart& part : sample.rewards) open[part.name] += part.weight != 0 && !part.value;
    }
    undecided += std::ranges::count_if(group.samples, [](const auto& sample) { return !sample.reward; });
    samples += std::ssize(group.samples);
  }
  if (static_cast<double>(undecided) <= static_cast<double>(max_share) * static_cast<double>(samples)) return;
  const auto most = std::ranges::max_element(open, {}, [](const auto& entry) { return entry.second; });
  const std::string reward = most == open.end() ? "accuracy" : most->first;
  throw Error(
      "rollout",
      fmt::format("{} of {} samples are undecided, most by the reward {}", undecided, samples, reward),
      reward == "accuracy"
          ? "look at the answers that the verifier can't decide, or raise reward.max_undecided_share"
          : "look at why the program answers null, or raise reward.max_undecided_share");
}

// Marks the groups that teach nothing and returns their number (DAPO, Yu et al., 2025, section 3.2).
int64_t drop_equal_groups(Groups& groups) {
  int64_t dropped = 0;
  for (RolloutGroup& group : groups) {
    group.dropped = !rewards_differ(group.rewards());
    dropped += group.dropped;
  }
  return dropped;
}

Denominators denominators_of(std::span<RolloutGroup* const> groups, const LossConfig& config) {
  std::vector<int64_t> lengths;
  for (const RolloutGroup* group : groups) {
    for (const RolloutSample& sample : group->samples) lengths.push_back(tokens_with_loss(sample, config));
  }
  return count_denominators(lengths);
}

int64_t token_count(std::span<const TokenGroup> groups) {
  int64_t count = 0;
  for (const TokenGroup& group : groups) {
    count += std::ssize(group.prompt);
    for (const auto& response : group.responses) count += std::ssize(response);
  }
  return count;
}

// The weight of the likelihood of each token of a right answer: those of a mini-batch add up to the
// coefficient.
double likelihood_weight(std::span<RolloutGroup* const> mini_batch, const LossConfig& config) {
  if (config.likelihood_coefficient == 0) return 0;
  int64_t tokens = 0;
  for (const RolloutGroup* group : mini_batch) {
    for (const RolloutSample& sample : group->samples) {
      if (sample.verdict.correct) tokens += tokens_with_loss(sample, config);
    }
  }
  return tokens == 0 ? 0 : config.likelihood_coefficient / static_cast<double>(tokens);
}

// The gradient of the loss over a mini-batch. Every response counts in the denominators; those without a
// gradient cost no pass.
GrpoLossSums accumulate(std::span<RolloutGroup* const> mini_batch, const Denominators& denominators,
                        const RolloutConfig& rollout, const LossConfig& config, Engine& policy) {
  std::vector<TokenGroup> tokens;
  std::vector<std::vector<ResponseTarget>> targets;
  const double likelihood = likelihood_weight(mini_batch, config);
  for (const RolloutGroup* group : mini_batch) {
    if (!group->has_signal() && !config.trains_without_advantage()) continue;
    TokenGroup responses{.prompt = group->prompt.tokens, .name = group->problem->id};
    std::vector<ResponseTarget> response_targets;
    for (const RolloutSample& sample : group->samples) {
      const int64_t length = tokens_with_loss(sample, config);
      if (length == 0) continue;
      responses.responses.emplace_back(sample.generation.tokens);
      response_targets.push_back({.old_log_probs = sample.generation.log_probs,
                                  .reference_log_probs = sample.streams.reference_log_probs,
                                  .advantages = sample.streams.advantages,
                                  .high_covariance = sample.streams.high_covariance,
                                  .weight = token_weight(config.aggregation, length, denominators,
                                                         rollout.sampling.max_response_tokens),
                                  .likelihood_weight = sample.verdict.correct ? likelihood : 0});
    }
    if (response_targets.empty()) continue;
    tokens.push_back(std::move(responses));
    targets.push_back(std::move(response_targets));
  }
  GrpoLoss loss(config, std::move(targets));
  LmHead head(loss, rollout.sampling.temperature);
  const int64_t count = token_count(tokens);
  Progress progress("training", "tokens", count);
  if (count > 0) progress.within_a_step();
  policy.accumulate(tokens, head, [&](int64_t done) { progress.update(done); });
  return loss.sums();
}

constexpr const char* kCoefficient = "entropy_coefficient";
constexpr const char* kEntropy = "entropy";

// The entropy's control, where it stood after the step before.
EntropyControl control_from(const CarriedNumbers& carried, const LossConfig& loss) {
  if (!carried.contains(kCoefficient)) return {.coefficient = loss.entropy_coefficient};
  EntropyControl control = {.coefficient = carried.at(kCoefficient)};
  if (carried.contains(kEntropy)) control.entropy = carried.at(kEntropy);
  return control;
}

CarriedNumbers carried_by(const EntropyControl& control) {
  CarriedNumbers carried = {{kCoefficient, control.coefficient}};
  if (control.entropy) carried[kEntropy] = *control.entropy;
  return carried;
}

}  // namespace

GrpoStepResult grpo_step(const GrpoConfig& config, const OptimizerConfig& optimizer, const GrpoDraw& draw,
                         const GrpoModels& models, const GrpoSources& sources) {
  const RolloutConfig& rollout = config.rollout;
  const LossConfig& loss = config.loss;
  GrpoStepResult result;
  Stopwatch watch;
  double generate_s = 0, grade_s = 0;

  // Rollout: problems, answers, rewards. Dynamic sampling replaces groups with equal rewards.
  const auto reserved = reserve_problems(draw, rollout);
  auto next = reserved.begin();
  int64_t missing = rollout.problems_per_step;
  for (int64_t round = 0; round <= rollout.resample_rounds && missing > 0 && next != reserved.end();
       ++round) {
    const auto last = next + std::min<int64_t>(missing, reserved.end() - next);
    Groups sampled = sources.generate({next, last});
    next = last;
    generate_s += watch.lap();
    sources.grade(sampled);
    missing = rollout.resample_rounds > 0 ? drop_equal_groups(sampled) : 0;
    std::ranges::move(sampled, std::back_inserter(result.groups));
    require_decided(result.groups, config.reward.max_undecided_share);
    grade_s += watch.lap();
  }

  // Advantages, and what the reference makes of the answers.
  std::vector<RolloutGroup*> kept;
  for (RolloutGroup& group : result.groups) {
    if (!group.dropped) kept.push_back(&group);
  }
  if (loss.uses_reference() || sources.credit.needs_reference) {
    const auto& every = loss.reference_every_rollouts;
    const bool refresh = every && draw.stage_step > 0 && draw.stage_step % *every == 0;
    if (refresh) models.reference->copy_weights_from(models.policy.model());
    score_by_reference(*models.reference, result.groups, rollout.sampling.temperature);
  }
  if (sources.credit.assign) {
    sources.credit.assign(kept);
  } else {
    set_advantages(kept, loss);
  }
  if (models.teacher != nullptr) {
    score_by_teacher(*models.teacher, result.groups, rollout.sampling.temperature);
    add_teacher_credit(kept, config.teacher);
  }
  keep_uncertain_tokens(models.policy, kept, loss, rollout.sampling.temperature);
  mark_high_covariance(kept, loss,
                       Rng(draw.seed, {hash_name("covariance"), static_cast<uint64_t>(draw.stage_step)}));

  // Updates: loss and gradient by mini-batch, one optimizer step each.
  throw_if_stop_requested();
  std::optional<DroppableWork> droppable(std::in_place);  // until weights change
  std::optional<StopNotice> notice;                       // from then on the step is finished
  UpdateRecord updates;
  EntropyControl entropy = control_from(draw.carried, loss);
  const auto groups = std::ssize(kept);
  for (int64_t epoch = 0; epoch < loss.epochs; ++epoch) {
    for (int64_t i = 0; i < loss.mini_batches; ++i) {
      const int64_t first = groups * i / loss.mini_batches, last = groups * (i + 1) / loss.mini_batches;
      const auto mini_batch = std::span<RolloutGroup* const>(kept).subspan(first, last - first);
      if (mini_batch.empty()) continue;  // dynamic sampling kept fewer groups than there are mini-batches
      const Denominators denominators = loss.denominator == Denominator::kRollout
                                            ? denominators_of(kept, loss).divided_by(loss.mini_batches)
                                            : denominators_of(mini_batch, loss);
      LossConfig present = loss;
      if (loss.entropy.target) {
        present.entropy_coefficient = static_cast<float>(entropy.applied(loss.entropy));
      }
      const GrpoLossSums sums = accumulate(mini_batch, denominators, rollout, present, models.policy);
      if (loss.entropy.target && sums.tokens > 0) {
        entropy.observe(loss.entropy, sums.entropy / static_cast<double>(sums.tokens));
      }
      droppable.reset();
      if (!notice) notice.emplace(kFinishesStep);
      updates.add(sums, models.policy.update(optimizer, optimizer.lr));
    }
  }
  models.policy.release_workspace();  // sampling comes next and needs the memory

  result.metrics.set("time/generate", generate_s);
  result.metrics.set("time/grade", grade_s);
  result.metrics.set("time/train", watch.lap());
  const int64_t reserved_so_far =
      (draw.stage_step + 1) * rollout.problems_per_step * (1 + rollout.resample_rounds);
  result.metrics.set("epoch",
                     static_cast<double>(reserved_so_far) / static_cast<double>(draw.problems.size()));
  result.metrics.set("learning_rate", as_written(optimizer.lr));
  record_rewards(result.groups, result.metrics);
  record_completions(result.groups, result.metrics);
  if (models.teacher != nullptr) record_teacher(kept, result.metrics);
  updates.record(loss, result.metrics);
  if (loss.entropy.target) {
    result.metrics.set("entropy_coef", entropy.coefficient);
    result.carried = carried_by(entropy);
  }
  return result;
}

}  // namespace deepscaler
