// Every policy loss, by the name that a recipe gives it (loss.policy).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rl/loss/covariance.h"
#include "rl/loss/policy_loss.h"

namespace deepscaler {

// A kind of policy loss: all that the rest of the program knows of it.
struct PolicyLoss {
  std::string_view name;
  bool needs_response_log_ratio = false;  // PolicyInput::response_log_ratio
  PolicyTerm (*term)(const PolicyInput& input) = nullptr;
  CovarianceChoice covariance = CovarianceChoice::kNone;  // the tokens with PolicyInput::high_covariance
};

// The losses of policy_losses.cc, then those that programs which link the library have added. Not thread-safe
// while losses are added; adding one ends earlier spans. Its name is new.
[[nodiscard]] std::span<const PolicyLoss> policy_losses();
void add_policy_loss(const PolicyLoss& loss);
[[nodiscard]] std::vector<std::string> policy_loss_names();
// CHECKs that there is such a loss.
[[nodiscard]] const PolicyLoss& find_policy_loss(std::string_view name);

}  // namespace deepscaler
