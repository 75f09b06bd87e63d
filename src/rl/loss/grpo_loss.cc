#include "rl/loss/grpo_loss.h"

#include <algorithm>
#include <cmath>

#include "base/config.h"

namespace deepscaler {
namespace {

constexpr ConfigName<AdvantageKind> kAdvantageNames[] = {
    {"group-std", AdvantageKind::kGroupStd},
    {"group-mean", AdvantageKind::kGroupMean},
    {"leave-one-out", AdvantageKind::kLeaveOneOut},
    {"group-mean-scaled", AdvantageKind::kGroupMeanScaled},
    {"batch-whitened", AdvantageKind::kBatchWhitened},
    {"batch-whitened-baseline", AdvantageKind::kBatchWhitenedBaseline}};
constexpr ConfigName<LossAggregation> kAggregationNames[] = {
    {"token-mean", LossAggregation::kTokenMean},
    {"seq-mean-token-mean", LossAggregation::kSequenceMean},
    {"seq-mean-token-sum", LossAggregation::kSequenceSum},
    {"seq-mean-token-sum-norm", LossAggregation::kSequenceSumNorm}};
constexpr ConfigName<Denominator> kDenominatorNames[] = {{"mini-batch", Denominator::kMiniBatch},
                                                         {"rollout", Denominator::kRollout}};
constexpr ConfigName<KlEstimator> kKlNames[] = {
    {"k1", KlEstimator::kK1}, {"k2", KlEstimator::kK2}, {"k3", KlEstimator::kK3}};
constexpr ConfigName<ReferenceStart> kReferenceNames[] = {{"reset", ReferenceStart::kReset},
                                                          {"keep", ReferenceStart::kKeep}};

}  // namespace

void bind(ConfigSection& s, LossConfig& c) {
  s.field("mini_batches", c.mini_batches, "parts of a rollout, each an optimizer step").at_least(1);
  s.field("epochs", c.epochs, "passes over the same rollout").at_least(1);
  s.choice("advantage", c.advantage, "how rewards become advantages", kAdvantageNames);
  s.field("advantage_eps", c.advantage_eps,
          "added to what an advantage is divided by: the group's standard deviation or mean, or the batch's "
          "variance")
      .at_least(0);
  s.field("uncertainty_sharpness", c.uncertainty_sharpness,
          "of MGPO's weight, which is 1 for groups with as many right as wrong answers and 2^-sharpness for "
          "those with one kind; 0 for none")
      .at_least(0);
  s.field(
       "top_entropy_share", c.top_entropy_share,
       "share of a rollout's tokens, those of the highest entropy, that have a policy loss; below 1 costs a "
       "forward pass")
      .above(0);
  s.require(c.top_entropy_share <= 1, "top_entropy_share", "is more than 1, all tokens", "lower it");
  s.one_of("policy", c.policy,
           "the policy loss: clipped ratio, ratio of responses, clipped weight, soft gate, or two that spare "
           "tokens of high covariance",
           policy_loss_names());
  s.field("clip_low", c.clip.low, "the ratio is clipped below 1 - clip_low").range(0, 1);
  s.field("clip_high", c.clip.high, "the ratio is clipped above 1 + clip_high").at_least(0);
  s.field("dual_clip", c.clip.dual, "the most that a ratio counts where the advantage is negative").above(1);
  s.field("sapo_temperature_positive", c.sapo.positive, "steepness of sapo's gate for positive advantages")
      .above(0);
  s.field("sapo_temperature_negative", c.sapo.negative, "steepness of sapo's gate for the others").above(0);
  s.field("cov_share", c.covariance.share, "share of the tokens that clip-cov and kl-cov choose").range(0, 1);
  s.field("clip_cov_low", c.covariance.low, "clip-cov chooses among tokens of a covariance above it");
  s.field("clip_cov_high", c.covariance.high, "and below it");
  s.field("kl_cov_coefficient", c.kl_cov_coefficient,
          "of |log ratio| in the loss of the tokens that kl-cov chooses")
      .at_least(0);
  s.choice("aggregation", c.aggregation, "how token losses add up", kAggregationNames);
  s.choice("denominator", c.denominator, "over what the aggregation counts responses and tokens",
           kDenominatorNames);
  s.field("kl_coefficient", c.kl_coefficient, "of the divergence from the reference, 0 for no reference")
      .at_least(0);
  s.choice("kl", c.kl, "estimator of that divergence", kKlNames);
  s.field("kl_times_ratio", c.kl_times_ratio, "multiply the estimator by the ratio to the sampling policy");
  s.choice("reference", c.reference,
           "reference at the stage's start: the present weights, or the last stage's", kReferenceNames);
  s.field("reference_every_rollouts", c.reference_every_rollouts,
          "rollouts, each with all its updates, after which the reference becomes the present policy")
      .at_least(1);
  s.field("entropy_coefficient", c.entropy_coefficient,
          "of the entropy bonus; where there is an entropy_target, that of the first update");
  s.field("entropy_target", c.entropy.target,
          "entropy, in nats a token, at or below which the coefficient rises, and above which there is no "
          "bonus; not set: the coefficient stays")
      .above(0);
  s.field("entropy_coefficient_step", c.entropy.step, "by which an update raises or lowers the coefficient")
      .at_least(0);
  s.field("entropy_coefficient_max", c.entropy.max, "to which the coefficient rises").at_least(0);
  s.field("likelihood_coefficient", c.likelihood_coefficient,
          "of the mean log-probability of right answers' tokens, which then rises by itself")
      .at_least(0);
  s.field("mask_truncated", c.mask_truncated, "responses cut at the length limit have no loss");
}

void GrpoLossSums::add(const GrpoLossSums& other) {
  loss += other.loss;
  entropy += other.entropy;
  kl += other.kl;
  log_prob_difference += other.log_prob_difference;
  max_log_prob_difference = std::max(max_log_prob_difference, other.max_log_prob_difference);
  clipped_low += other.clipped_low;
  clipped_high += other.clipped_high;
  clipped_dual += other.clipped_dual;
  tokens += other.tokens;
}

GrpoLoss::GrpoLoss(const LossConfig& config, std::vector<std::vector<ResponseTarget>> targets)
    : config_(config), policy_loss_(find_policy_loss(config.policy)), targets_(std::move(targets)) {
  for (const auto& group : targets_) log_ratios_.emplace_back(group.size(), 0.0);
}

void GrpoLoss::observe(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto& [row, target, group, response, token] = tokens[i];
    const float old_log_prob = targets_[group][response].old_log_probs[token];
    log_ratios_[group][response] += static_cast<double>(scores[i].log_prob) - old_log_prob;
  }
}

PolicyTerm GrpoLoss::policy_term(const PredictedToken& token, float log_prob) const {
  const ResponseTarget& target = targets_[token.group][token.response];
  const double log_ratio = log_ratios_[token.group][token.response] / std::ssize(target.old_log_probs);
  return policy_loss_.term(
      {.log_prob = log_prob,
       .old_log_prob = target.old_log_probs[token.token],
       .response_log_ratio = static_cast<float>(log_ratio),
       .advantage = target.advantages[token.token],
       .bounds = config_.clip,
       .sapo = config_.sapo,
       .high_covariance = !target.high_covariance.empty() && target.high_covariance[token.token] != 0,
       .kl_cov_coefficient = config_.kl_cov_coefficient});
}

void GrpoLoss::evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                        std::span<TokenDerivative> derivatives) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const ResponseTarget& target = targets_[tokens[i].group][tokens[i].response];
    const auto token = static_cast<size_t>(tokens[i].token);
    const float log_prob = scores[i].log_prob, old_log_prob = target.old_log_probs[token];
    const PolicyTerm policy = policy_term(tokens[i], log_prob);
    KlTerm kl;
    if (config_.uses_reference()) {
      kl = kl_term(config_.kl, log_prob, target.reference_log_probs[token]);
      if (config_.kl_times_ratio) kl = times_ratio(kl, log_prob - old_log_prob);
    }
    derivatives[i].log_prob =
        static_cast<float>(target.weight * (policy.derivative + config_.kl_coefficient * kl.derivative) -
                           target.likelihood_weight);
    derivatives[i].entropy = static_cast<float>(-target.weight * config_.entropy_coefficient);
    sums_.loss += target.weight * (policy.loss + config_.kl_coefficient * kl.value -
                                   config_.entropy_coefficient * scores[i].entropy) -
                  target.likelihood_weight * log_prob;
    sums_.kl += kl.value;
    record(policy, scores[i], old_log_prob);
  }
}

void GrpoLoss::record(const PolicyTerm& policy, const TokenScore& score, float old_log_prob) {
  const double difference = std::abs(static_cast<double>(score.log_prob) - old_log_prob);
  sums_.entropy += score.entropy;
  sums_.log_prob_difference += difference;
  sums_.max_log_prob_difference = std::max(sums_.max_log_prob_difference, difference);
  sums_.clipped_low += policy.clipped_low;
  sums_.clipped_high += policy.clipped_high;
  sums_.clipped_dual += policy.clipped_dual;
  ++sums_.tokens;
}

}  // namespace deepscaler
