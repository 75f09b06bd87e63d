#include "rl/ppo.h"

#include <cmath>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "base/signals.h"
#include "rl/credit.h"

namespace deepscaler {
namespace {

constexpr const char* kKlCoefficient = "kl_coefficient";

using Groups = std::span<RolloutGroup* const>;

// A sample that has credit: a reward, and a loss.
struct CreditedSample {
  size_t group = 0, sample = 0;
  std::vector<double> advantages;
  std::vector<float> returns;
};

// What the rollout's credit comes to, as sums over `tokens`.
struct CreditSums {
  double advantages = 0, returns = 0, values = 0;
  double squared_returns = 0, squared_errors = 0;  // of the values as predictions of the returns
  double kl = 0;                                   // over responses, of their tokens' mean
  int64_t tokens = 0, responses = 0;

  [[nodiscard]] double mean(double sum) const { return sum / static_cast<double>(tokens); }
  // The share of the returns' variance that the values predict (verl's vf_explained_var); 0 without variance.
  [[nodiscard]] double explained_variance() const {
    const double n = static_cast<double>(tokens), bias = (returns - values) / n;
    const double variance = squared_returns / n - std::pow(returns / n, 2);
    return variance > 0 ? 1 - (squared_errors / n - bias * bias) / variance : 0;
  }
};

class Credit {
 public:
  Credit(const PpoConfig& config, double kl_coefficient, bool pretrains)
      : config_(config), kl_coefficient_(kl_coefficient), pretrains_(pretrains) {}

  // Sets the advantages of the groups, whose values are there.
  void assign(Groups groups) {
    groups_ = {groups.begin(), groups.end()};
    for (size_t g = 0; g < groups.size(); ++g) {
      for (size_t i = 0; i < groups[g]->samples.size(); ++i) {
        RolloutSample& sample = groups[g]->samples[i];
        sample.streams.advantages.assign(sample.generation.tokens.size(), 0.0f);
        const bool counts = sample.reward && tokens_with_loss(sample, config_.loop.loss) > 0;
        if (counts) samples_.push_back(credit_of(g, i));
      }
    }
    if (config_.gae.whiten) {
      std::vector<std::span<double>> batch;
      for (CreditedSample& sample : samples_) batch.emplace_back(sample.advantages);
      whiten(batch);
    }
    for (const CreditedSample& sample : samples_) {
      auto& stream = groups_[sample.group]->samples[sample.sample].streams.advantages;
      for (size_t t = 0; t < stream.size(); ++t) stream[t] = static_cast<float>(sample.advantages[t]);
    }
  }

  [[nodiscard]] const std::vector<RolloutGroup*>& groups() const { return groups_; }
  [[nodiscard]] const std::vector<CreditedSample>& samples() const { return samples_; }
  [[nodiscard]] const CreditSums& sums() const { return sums_; }

 private:
  CreditedSample credit_of(size_t g, size_t i) {
    const RolloutSample& sample = groups_[g]->samples[i];
    const std::vector<double> rewards = rewards_of(sample);
    const std::span<const float> values = sample.streams.values;
    const GaeConfig& config = config_.gae;
    const GaeInput input = {.rewards = rewards, .values = values};
    CreditedSample credited = {
        .group = g,
        .sample = i,
        .advantages = gae(input, config.gamma, policy_lambda(config, std::ssize(values)))};
    const std::vector<double> targets = gae(input, config.gamma, pretrains_ ? 1 : critic_lambda(config));
    for (size_t t = 0; t < values.size(); ++t) {
      const double value = values[t], target = targets[t] + value;
      credited.returns.push_back(static_cast<float>(target));
      sums_.advantages += credited.advantages[t];
      sums_.returns += target;
      sums_.values += value;
      sums_.squared_returns += target * target;
      sums_.squared_errors += targets[t] * targets[t];
    }
    sums_.tokens += std::ssize(values);
    ++sums_.responses;
    return credited;
  }

  // Of the tokens: the divergence is taken off all, and the response's reward stands at the last.
  std::vector<double> rewards_of(const RolloutSample& sample) {
    std::vector<double> rewards(sample.generation.tokens.size(), 0.0);
    if (kl_coefficient_ > 0) {
      double sum = 0;
      for (size_t t = 0; t < rewards.size(); ++t) {
        const double kl =
            kl_term(config_.gae.kl, sample.generation.log_probs[t], sample.streams.reference_log_probs[t])
                .value;
        rewards[t] -= kl_coefficient_ * kl;
        sum += kl;
      }
      sums_.kl += sum / static_cast<double>(rewards.size());
    }
    rewards.back() += *sample.reward;
    return rewards;
  }

  const PpoConfig& config_;
  double kl_coefficient_;
  bool pretrains_;
  std::vector<RolloutGroup*> groups_;
  std::vector<CreditedSample> samples_;  // by group
  CreditSums sums_;
};

// Sums over the updates of a step.
struct CriticRecord {
  double loss = 0, grad_norm = 0, updates = 0;
  int64_t clipped = 0, tokens = 0;
};

// One update with the samples of the groups from `first` to `last`.
void update_critic(const Credit& credit, size_t first, size_t last, const PpoConfig& config,
                   const OptimizerConfig& optimizer, Engine& critic, CriticRecord& record) {
  std::vector<TokenGroup> tokens;
  std::vector<std::vector<CriticTarget>> targets;
  int64_t rows = 0;
  size_t group_of_last = last;
  for (const CreditedSample& sample : credit.samples()) {
    if (sample.group < first || sample.group >= last) continue;
    const RolloutGroup& group = *credit.groups()[sample.group];
    if (sample.group != group_of_last) {
      tokens.push_back({.prompt = group.prompt.tokens, .name = group.problem->id});
      targets.emplace_back();
      rows += std::ssize(group.prompt.tokens);
      group_of_last = sample.group;
    }
    const RolloutSample& response = group.samples[sample.sample];
    tokens.back().responses.emplace_back(response.generation.tokens);
    targets.back().push_back({.old_values = response.streams.values, .returns = sample.returns});
    rows += std::ssize(response.generation.tokens);
  }
  if (tokens.empty()) return;
  CriticLoss loss(config.critic.value_clip, std::move(targets));
  ScalarHead head(loss, TokenRow::kBefore);
  Progress progress("training the critic", "tokens", rows);
  progress.within_a_step();
  critic.accumulate(tokens, head, [&](int64_t done) { progress.update(done); });
  record.grad_norm += critic.update(optimizer, optimizer.lr);
  record.loss += loss.sums().loss;
  record.clipped += loss.sums().clipped;
  record.tokens += loss.sums().tokens;
  record.updates += 1;
}

CriticRecord train_critic(const Credit& credit, const PpoConfig& config, const OptimizerConfig& optimizer,
                          Engine& critic) {
  const StopNotice notice(kFinishesStep);
  const LossConfig& loss = config.loop.loss;
  CriticRecord record;
  const auto groups = std::ssize(credit.groups());
  for (int64_t epoch = 0; epoch < loss.epochs; ++epoch) {
    for (int64_t i = 0; i < loss.mini_batches; ++i) {
      update_critic(credit, static_cast<size_t>(groups * i / loss.mini_batches),
                    static_cast<size_t>(groups * (i + 1) / loss.mini_batches), config, optimizer, critic,
                    record);
    }
  }
  critic.release_workspace();  // sampling comes next and needs the memory
  return record;
}

// Under verl's names.
void record_credit(const CreditSums& sums, Metrics& metrics) {
  if (sums.tokens == 0) return;
  metrics.set("critic/advantages/mean", sums.mean(sums.advantages));
  metrics.set("critic/returns/mean", sums.mean(sums.returns));
  metrics.set("critic/values/mean", sums.mean(sums.values));
  metrics.set("critic/vf_explained_var", sums.explained_variance());
}

void record_critic(const CriticRecord& record, const OptimizerConfig& optimizer, Metrics& metrics) {
  metrics.set("critic/lr", as_written(optimizer.lr));
  if (record.updates == 0) return;
  metrics.set("critic/vf_loss", record.loss / record.updates);
  metrics.set("critic/grad_norm", record.grad_norm / record.updates);
  metrics.set("critic/vf_clipfrac", static_cast<double>(record.clipped) / static_cast<double>(record.tokens));
}

}  // namespace

GrpoStepResult ppo_step(const PpoConfig& config, const PpoOptimizers& optimizers, const GrpoDraw& draw,
                        const PpoModels& models, const GrpoSources& sources) {
  const GaeConfig& gae = config.gae;
  const auto carried = draw.carried.find(kKlCoefficient);
  const double kl_coefficient = carried == draw.carried.end() ? gae.kl_coefficient : carried->second;

  // The policy's part: a critic in place of the group as what rewards are compared with.
  Credit credit(config, kl_coefficient, draw.stage_step < config.critic.pretraining_steps);
  GrpoSources with_critic = sources;
  with_critic.credit = {.needs_reference = gae.kl_coefficient > 0, .assign = [&](Groups groups) {
                          score_values(models.critic, groups);
                          credit.assign(groups);
                        }};
  GrpoConfig loop = config.loop;
  if (draw.stage_step < config.critic.steps_alone()) loop.loss.epochs = 0;
  GrpoStepResult result = grpo_step(loop, optimizers.policy, draw,
                                    {.policy = models.policy, .reference = models.reference}, with_critic);

  // The critic's.
  const CriticRecord updates = train_critic(credit, config, optimizers.critic, models.critic);

  record_credit(credit.sums(), result.metrics);
  record_critic(updates, optimizers.critic, result.metrics);
  if (gae.kl_coefficient > 0) {
    result.carried[kKlCoefficient] = kl_coefficient;  // also past a step in which no response has credit
    if (const int64_t responses = credit.sums().responses; responses > 0) {
      const double kl = credit.sums().kl / static_cast<double>(responses);
      result.metrics.set("actor/reward_kl_penalty", kl);
      result.metrics.set("actor/reward_kl_penalty_coeff", kl_coefficient);
      result.carried[kKlCoefficient] = adapted_kl_coefficient(gae, kl_coefficient, kl, responses);
    }
  }
  return result;
}

}  // namespace deepscaler
