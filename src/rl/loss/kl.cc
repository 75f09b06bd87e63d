#include "rl/loss/kl.h"

#include <cmath>

namespace deepscaler {

KlTerm kl_term(KlEstimator estimator, float log_prob, float reference_log_prob) {
  const float d = log_prob - reference_log_prob;
  switch (estimator) {
    case KlEstimator::kK1:
      return {d, 1};
    case KlEstimator::kK2:
      return {d * d / 2, d};
    case KlEstimator::kK3:
      break;
  }
  return {std::expm1(-d) + d, -std::expm1(-d)};
}

KlTerm times_ratio(const KlTerm& term, float log_ratio) {
  const float ratio = std::exp(log_ratio);
  return {ratio * term.value, ratio * (term.derivative + term.value)};
}

}  // namespace deepscaler
