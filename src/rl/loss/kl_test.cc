#include "rl/loss/kl.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "rl/loss/loss_goldens.h"

namespace deepscaler {
namespace {

constexpr std::pair<const char*, KlEstimator> kEstimators[] = {
    {"k1", KlEstimator::kK1}, {"k2", KlEstimator::kK2}, {"k3", KlEstimator::kK3}};

TEST(Kl, MatchesTheFormulas) {
  const auto log_probs = loss_goldens()["inputs"]["logp"].get<std::vector<std::vector<float>>>();
  const auto reference = loss_goldens()["inputs"]["ref_logp"].get<std::vector<std::vector<float>>>();
  for (const auto& [name, estimator] : kEstimators) {
    const auto expected = loss_goldens()["kl"][name].get<std::vector<std::vector<double>>>();
    for (size_t i = 0; i < expected.size(); ++i) {
      for (size_t t = 0; t < expected[i].size(); ++t) {
        EXPECT_NEAR(kl_term(estimator, log_probs[i][t], reference[i][t]).value, expected[i][t], 1e-6) << name;
      }
    }
  }
}

TEST(Kl, DerivativesAreThoseOfTheValues) {
  constexpr float kStep = 1.0f / 256;
  for (const auto& [name, estimator] : kEstimators) {
    for (float log_prob : {-3.0f, -0.75f, -0.125f}) {
      const KlTerm after = kl_term(estimator, log_prob + kStep, -0.5f);
      const KlTerm before = kl_term(estimator, log_prob - kStep, -0.5f);
      const KlTerm here = kl_term(estimator, log_prob, -0.5f);
      EXPECT_NEAR((after.value - before.value) / (2 * kStep), here.derivative, 2e-4) << name;

      const float old = -1.0f;
      const double slope = (times_ratio(after, log_prob + kStep - old).value -
                            times_ratio(before, log_prob - kStep - old).value) /
                           (2 * kStep);
      EXPECT_NEAR(times_ratio(here, log_prob - old).derivative, slope, 2e-4) << name;
    }
  }
}

TEST(Kl, IsExactlyZeroAtTheReferenceAndTimesRatioOneChangesNothing) {
  for (const auto& [name, estimator] : kEstimators) {
    EXPECT_EQ(kl_term(estimator, -1.3f, -1.3f).value, 0.0f) << name;
    EXPECT_EQ(times_ratio(kl_term(estimator, -1.3f, -0.2f), 0).value, kl_term(estimator, -1.3f, -0.2f).value);
  }
}

}  // namespace
}  // namespace deepscaler
