// The loss of a GRPO update: per token a policy loss, the divergence from a reference and an entropy bonus.
// Also the sums that are reported.
//
//   l = policy loss + kl_coefficient KL - entropy_coefficient H,   L = sum over tokens of weight * l
//
// and, for right answers, VAPO's likelihood term (Yue et al., 2025, arXiv:2504.05118, eq. 11):
// - likelihood_coefficient times the mean log pi of their tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rl/loss/advantage.h"
#include "rl/loss/aggregation.h"
#include "rl/loss/entropy_target.h"
#include "rl/loss/kl.h"
#include "rl/loss/policy_losses.h"
#include "train/token_loss.h"

namespace deepscaler {

class ConfigSection;

// The reference model at the beginning of a stage.
enum class ReferenceStart {
  kReset,  // the policy with which the stage begins
  kKeep,   // the reference of the stages before; kReset where they had none
};

// [stage.loss]: how rewards become a gradient.
struct LossConfig {
  int64_t mini_batches = 1;  // of a rollout, each an optimizer step
  int64_t epochs = 1;        // over the same rollout
  AdvantageKind advantage = AdvantageKind::kGroupStd;
  double advantage_eps = 1e-6;
  double uncertainty_sharpness = 0;  // of MGPO's weight; 0: all groups weigh the same
  double top_entropy_share = 1;      // of the tokens, the ones with a policy loss
  std::string policy = "clip";       // a name of policy_losses()
  ClipBounds clip;
  SapoTemperatures sapo;
  CovarianceConfig covariance;
  float kl_cov_coefficient = 1;
  LossAggregation aggregation = LossAggregation::kTokenMean;
  Denominator denominator = Denominator::kMiniBatch;
  float kl_coefficient = 0;  // 0: no reference model is in memory
  KlEstimator kl = KlEstimator::kK3;
  bool kl_times_ratio = false;
  ReferenceStart reference = ReferenceStart::kReset;
  // After every so many rollouts, with all their updates, the reference becomes the present policy.
  std::optional<int64_t> reference_every_rollouts;
  float entropy_coefficient = 0;  // at first, where there is an entropy target
  EntropyTargetConfig entropy;
  double likelihood_coefficient = 0;  // of the mean log pi of right answers' tokens
  bool mask_truncated = false;        // responses cut at the limit have no loss

  [[nodiscard]] bool uses_reference() const { return kl_coefficient > 0; }
  // Whether a response with advantage zero still has a gradient, or its entropy counts.
  [[nodiscard]] bool trains_without_advantage() const {
    return uses_reference() || entropy_coefficient != 0 || entropy.target.has_value() ||
           likelihood_coefficient != 0;
  }
};

void bind(ConfigSection& section, LossConfig& config);

// One response as the loss sees it. A view: the log-probabilities live elsewhere.
struct ResponseTarget {
  std::span<const float> old_log_probs;        // recorded in sampling
  std::span<const float> reference_log_probs;  // empty where the loss uses no reference
  std::span<const float> advantages;           // of its tokens
  std::span<const uint8_t> high_covariance;  // 1 for the tokens that are; empty where the loss asks for none
  double weight = 0;                         // of each of them
  double likelihood_weight = 0;              // of -log pi of each of them
};

// What the loss measures on the way, as sums over the tokens it saw.
struct GrpoLossSums {
  double loss = 0;  // weighted: the loss itself
  double entropy = 0;
  double kl = 0;                       // the estimator, not times its coefficient
  double log_prob_difference = 0;      // |log pi - log pi_old|
  double max_log_prob_difference = 0;  // the largest
  int64_t clipped_low = 0;
  int64_t clipped_high = 0;
  int64_t clipped_dual = 0;
  int64_t tokens = 0;

  void add(const GrpoLossSums& other);
};

class GrpoLoss : public TokenLoss {
 public:
  // targets[group][response] as in the groups given to the training step. `config` must outlive this.
  GrpoLoss(const LossConfig& config, std::vector<std::vector<ResponseTarget>> targets);

  // GSPO's ratio is that of a whole response.
  [[nodiscard]] bool needs_whole_responses() const override { return policy_loss_.needs_response_log_ratio; }
  void observe(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores) override;
  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                std::span<TokenDerivative> derivatives) override;

  [[nodiscard]] std::string take_measures() override { return take_sums(sums_); }
  void add_measures(std::string_view bytes) override { add_sums(sums_, bytes); }

  [[nodiscard]] const GrpoLossSums& sums() const { return sums_; }

 private:
  [[nodiscard]] PolicyTerm policy_term(const PredictedToken& token, float log_prob) const;
  void record(const PolicyTerm& policy, const TokenScore& score, float old_log_prob);

  const LossConfig& config_;
  PolicyLoss policy_loss_;
  std::vector<std::vector<ResponseTarget>> targets_;
  std::vector<std::vector<double>> log_ratios_;  // of whole responses: sums over their tokens
  GrpoLossSums sums_;
};

}  // namespace deepscaler
