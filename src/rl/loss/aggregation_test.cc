#include "rl/loss/aggregation.h"

#include <gtest/gtest.h>

#include <vector>

namespace deepscaler {
namespace {

TEST(Aggregation, MaskedResponsesCountAsResponsesWithoutTokens) {
  const std::vector<int64_t> lengths = {4, 0, 2};
  const Denominators counted = count_denominators(lengths);
  EXPECT_EQ(counted.responses, 3);
  EXPECT_EQ(counted.tokens, 6);
  EXPECT_DOUBLE_EQ(token_weight(LossAggregation::kTokenMean, 4, counted, 8), 1.0 / 6);
  EXPECT_DOUBLE_EQ(token_weight(LossAggregation::kSequenceMean, 4, counted, 8), 1.0 / 12);
  EXPECT_DOUBLE_EQ(token_weight(LossAggregation::kSequenceSum, 4, counted, 8), 1.0 / 3);
  EXPECT_DOUBLE_EQ(token_weight(LossAggregation::kSequenceSumNorm, 4, counted, 8), 1.0 / 24);
}

TEST(Aggregation, AWholeMiniBatchOfMaskedResponsesHasNoWeight) {
  const std::vector<int64_t> lengths = {0, 0};
  EXPECT_EQ(token_weight(LossAggregation::kTokenMean, 0, count_denominators(lengths), 8), 0);
}

TEST(Aggregation, DenominatorsOfTheRolloutAreAMiniBatchsShareOfIt) {
  const std::vector<int64_t> rollout = {4, 2, 3, 1};
  const Denominators share = count_denominators(rollout).divided_by(2);
  EXPECT_EQ(share.responses, 2);
  EXPECT_EQ(share.tokens, 5);
}

}  // namespace
}  // namespace deepscaler
