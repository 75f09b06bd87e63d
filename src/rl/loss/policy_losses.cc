#include "rl/loss/policy_losses.h"

#include <algorithm>

#include "base/error.h"

namespace deepscaler {
namespace {

PolicyTerm clip(const PolicyInput& i) {
  return clipped_policy_loss(i.log_prob - i.old_log_prob, i.advantage, i.bounds);
}

// All T tokens of the response have this loss and the same weight w. The derivative of their sum with respect
// to one log-probability is w T dl/dx / T: as if the loss were the token's own.
PolicyTerm gspo(const PolicyInput& i) {
  return clipped_policy_loss(i.response_log_ratio, i.advantage, i.bounds);
}

PolicyTerm cispo(const PolicyInput& i) {
  return cispo_loss(i.log_prob, i.old_log_prob, i.advantage, i.bounds);
}

PolicyTerm sapo(const PolicyInput& i) { return sapo_loss(i.log_prob - i.old_log_prob, i.advantage, i.sapo); }

PolicyTerm clip_cov(const PolicyInput& i) { return i.high_covariance ? PolicyTerm() : clip(i); }

PolicyTerm kl_cov(const PolicyInput& i) {
  return kl_cov_loss(i.log_prob - i.old_log_prob, i.advantage, i.high_covariance ? i.kl_cov_coefficient : 0);
}

std::vector<PolicyLoss>& all_losses() {
  static std::vector<PolicyLoss> losses = {
      {.name = "clip", .term = clip},
      {.name = "gspo", .needs_response_log_ratio = true, .term = gspo},
      {.name = "cispo", .term = cispo},
      {.name = "sapo", .term = sapo},
      {.name = "clip-cov", .term = clip_cov, .covariance = CovarianceChoice::kRandomBetweenBounds},
      {.name = "kl-cov", .term = kl_cov, .covariance = CovarianceChoice::kLargest}};
  return losses;
}

}  // namespace

std::span<const PolicyLoss> policy_losses() { return all_losses(); }

void add_policy_loss(const PolicyLoss& loss) { all_losses().push_back(loss); }

std::vector<std::string> policy_loss_names() {
  std::vector<std::string> names;
  for (const PolicyLoss& loss : policy_losses()) names.emplace_back(loss.name);
  return names;
}

const PolicyLoss& find_policy_loss(std::string_view name) {
  const auto found = std::ranges::find(all_losses(), name, &PolicyLoss::name);
  DEEPSCALER_CHECK(found != all_losses().end(), "no such policy loss");
  return *found;
}

}  // namespace deepscaler
