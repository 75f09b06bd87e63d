#include "rl/loss/policy_loss.h"

#include <gtest/gtest.h>

#include <cmath>

namespace deepscaler {
namespace {

const float kLog2 = std::log(2.0f);

TEST(PolicyLoss, TheClipActsWhereItTakesAwayAnIncentive) {
  // Ratio 2: with a good answer there is nothing left to gain above 1.28, a bad one still pushes down.
  const PolicyTerm good = clipped_policy_loss(kLog2, 0.5f, {.low = 0.2f, .high = 0.28f});
  EXPECT_FLOAT_EQ(good.loss, -0.64f);
  EXPECT_EQ(good.derivative, 0.0f);
  EXPECT_TRUE(good.clipped_high && !good.clipped_low);
  const PolicyTerm bad = clipped_policy_loss(kLog2, -0.5f, {.low = 0.2f, .high = 0.28f});
  EXPECT_FLOAT_EQ(bad.loss, 1.0f);
  EXPECT_FLOAT_EQ(bad.derivative, 1.0f);
  // Ratio 1/2, the other way round.
  const PolicyTerm less = clipped_policy_loss(-kLog2, -0.5f, {.low = 0.2f, .high = 0.28f});
  EXPECT_FLOAT_EQ(less.loss, 0.4f);
  EXPECT_EQ(less.derivative, 0.0f);
  EXPECT_TRUE(less.clipped_low && !less.clipped_high);
}

TEST(PolicyLoss, TheDualBoundLimitsBadAnswersAlone) {
  const float log4 = 2 * kLog2;
  const PolicyTerm bad = clipped_policy_loss(log4, -0.5f, {.dual = 3.0f});
  EXPECT_FLOAT_EQ(bad.loss, 1.5f);
  EXPECT_EQ(bad.derivative, 0.0f);
  EXPECT_TRUE(bad.clipped_dual);
  EXPECT_FALSE(clipped_policy_loss(kLog2, -0.5f, {.dual = 3.0f}).clipped_dual);
  EXPECT_FALSE(clipped_policy_loss(log4, 0.5f, {.dual = 3.0f}).clipped_dual);
}

TEST(PolicyLoss, CispoKeepsTheGradientOfClippedTokens) {
  const PolicyTerm term = cispo_loss(-0.5f, -0.5f - kLog2, 0.5f, {.low = 0.2f, .high = 0.28f});
  EXPECT_FLOAT_EQ(term.loss, 1.28f * 0.25f);
  EXPECT_FLOAT_EQ(term.derivative, -0.64f);
  EXPECT_TRUE(term.clipped_high);
}

TEST(PolicyLoss, DerivativesAreThoseOfTheLosses) {
  constexpr float kStep = 1.0f / 512;
  const auto slope = [](const auto& loss, float x) {
    return (loss(x + kStep).loss - loss(x - kStep).loss) / (2 * kStep);
  };
  for (const float advantage : {0.75f, -1.25f}) {
    const auto sapo = [&](float x) { return sapo_loss(x, advantage, {.positive = 0.8f, .negative = 1.3f}); };
    const auto kl_cov = [&](float x) { return kl_cov_loss(x, advantage, 0.7f); };
    for (const float log_ratio : {-0.75f, -0.125f, 0.25f, 1.0f}) {
      EXPECT_NEAR(sapo(log_ratio).derivative, slope(sapo, log_ratio), 1e-3) << log_ratio;
      EXPECT_NEAR(kl_cov(log_ratio).derivative, slope(kl_cov, log_ratio), 1e-3) << log_ratio;
    }
    // On policy all of them push as the plain ratio does.
    EXPECT_FLOAT_EQ(sapo(0).derivative, -advantage);
    EXPECT_FLOAT_EQ(kl_cov(0).derivative, -advantage);
  }
}

TEST(PolicyLoss, FirstUpdateOnRecordedLogProbabilitiesHasRatioOne) {
  const PolicyTerm term = clipped_policy_loss(0, 0.5f, {});
  EXPECT_EQ(term.loss, -0.5f);
  EXPECT_EQ(term.derivative, -0.5f);
  EXPECT_FALSE(term.clipped_low || term.clipped_high || term.clipped_dual);
}

}  // namespace
}  // namespace deepscaler
