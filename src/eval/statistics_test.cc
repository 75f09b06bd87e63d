#include "eval/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace deepscaler {
namespace {

// By counting all subsets of k samples, and for the large case by exact binomial coefficients.
TEST(Statistics, PassAtKEqualsTheCountOverAllSubsets) {
  EXPECT_DOUBLE_EQ(pass_at_k(5, 2, 3), 0.9);
  EXPECT_DOUBLE_EQ(pass_at_k(8, 3, 2), 18.0 / 28);
  EXPECT_DOUBLE_EQ(pass_at_k(6, 1, 4), 4.0 / 6);
  EXPECT_DOUBLE_EQ(pass_at_k(6, 5, 2), 1);
  EXPECT_DOUBLE_EQ(pass_at_k(7, 0, 3), 0);
  EXPECT_DOUBLE_EQ(pass_at_k(7, 7, 1), 1);
  EXPECT_NEAR(pass_at_k(200, 3, 100), 0.8768844221105527, 1e-14);
  for (int64_t right = 0; right <= 16; ++right)
    EXPECT_DOUBLE_EQ(pass_at_k(16, right, 1), static_cast<double>(right) / 16);
}

TEST(Statistics, MajorityOfVotes) {
  const Vote right{"7", true}, wrong{"8", false}, other{"9", false}, none{"", false};
  const auto majority = [](std::vector<Vote> votes, int64_t k) { return majority_at_k(votes, k); };
  EXPECT_EQ(majority({right, wrong, right}, 3), 1);
  EXPECT_EQ(majority({right, wrong, wrong}, 3), 0);
  EXPECT_EQ(majority({right, wrong, none, none, none}, 5), 0.5);
  EXPECT_DOUBLE_EQ(majority({right, wrong, other}, 3), 1.0 / 3);
  EXPECT_EQ(majority({none, none}, 2), 0);
  // Two groups of two; the fifth sample is left over.
  EXPECT_EQ(majority({right, right, wrong, right, wrong}, 2), 0.75);
  EXPECT_EQ(majority({right, wrong, wrong, right}, 1), 0.5);
}

// The ends solve |mean - q| = z sqrt(q (1 - q) / n), found by bisection outside of this program.
TEST(Statistics, ShareHasTheWilsonInterval) {
  const std::vector<double> scores = {1, 0, 0.5, 0.25, 1, 0, 0, 0.75};
  const Interval estimate = share_interval(scores);
  EXPECT_DOUBLE_EQ(estimate.mean, 0.4375);
  EXPECT_NEAR(estimate.standard_error, 0.15490492475801315, 1e-15);
  EXPECT_NEAR(estimate.low, 0.19501270447315527, 1e-12);
  EXPECT_NEAR(estimate.high, 0.7140493698215384, 1e-12);
  EXPECT_EQ(estimate.problems, 8);

  const Interval all = share_interval(std::vector<double>(200, 1.0));
  EXPECT_NEAR(all.low, 0.9811546736227335, 1e-12);
  EXPECT_EQ(all.high, 1);
  const Interval none = share_interval(std::vector<double>(30, 0.0));
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.11351339317396877, 1e-12);

  // Of so many, rounding would leave something beside the ends.
  EXPECT_EQ(share_interval(std::vector<double>(64, 0.0)).low, 0);
  EXPECT_EQ(share_interval(std::vector<double>(30, 1.0)).high, 1);
}

// With t(0.975, 4) = 2.7764451 out of a table.
TEST(Statistics, DifferenceIsPaired) {
  const std::vector<double> before = {0, 0.5, 1, 0.25, 0}, after = {1, 0.5, 1, 0.75, 0.25};
  const Interval estimate = difference_interval(before, after);
  EXPECT_DOUBLE_EQ(estimate.mean, 0.35);
  EXPECT_NEAR(estimate.standard_error, 0.18708286933869706, 1e-15);
  EXPECT_NEAR(estimate.low, -0.1694253158693657, 0.003);
  EXPECT_NEAR(estimate.high, 0.8694253158693657, 0.003);

  const Interval reversed = difference_interval(after, before);
  EXPECT_DOUBLE_EQ(reversed.low, -estimate.high);
  // No change of any problem is not certain: one of as many that changes could have been missed.
  // Two problems say next to nothing, but a share changes by 1 at most.
  const double wrong_wrong[] = {0, 0}, right_wrong[] = {1, 0};
  EXPECT_EQ(difference_interval(wrong_wrong, right_wrong).low, -1);
  EXPECT_EQ(difference_interval(wrong_wrong, right_wrong).high, 1);
  const Interval none = difference_interval(before, before);
  EXPECT_EQ(none.mean, 0);
  EXPECT_DOUBLE_EQ(none.high, share_interval(std::vector<double>(before.size(), 0)).high);
  EXPECT_EQ(none.low, -none.high);
  const std::vector<double> wrong(40, 0), right(40, 1);
  EXPECT_NEAR(difference_interval(wrong, wrong).high, 0.0876, 1e-4);
  EXPECT_EQ(difference_interval(wrong, right).high, 1);
  EXPECT_NEAR(difference_interval(wrong, right).low, 1 - 0.0876, 1e-4);
}

// Worked out by hand: distances of 0.1 and 0.2 below, 0.3 and 0.4 above.
TEST(Statistics, AveragesCombineTheEnds) {
  const std::vector<Interval> estimates = {{0.5, 0.4, 0.8, 0.03, 10}, {0.3, 0.1, 0.7, 0.04, 20}};
  const Interval average = average_interval(estimates);
  EXPECT_DOUBLE_EQ(average.mean, 0.4);
  EXPECT_NEAR(average.low, 0.4 - std::sqrt(0.05) / 2, 1e-15);
  EXPECT_NEAR(average.high, 0.4 + 0.25, 1e-15);
  EXPECT_DOUBLE_EQ(average.standard_error, 0.025);
  EXPECT_EQ(average.problems, 30);
  EXPECT_DOUBLE_EQ(average_interval(std::vector<Interval>(1, estimates[0])).high, 0.8);
}

TEST(Statistics, ProblemsCountEquallyAndUndecidedOnesDoNot) {
  const Outcomes outcomes = {{true, false}, {}, {true}, {false, false, false, false}};
  const std::vector<double> shares = {0.5, 1, 0};
  EXPECT_EQ(mean_interval(outcomes).mean, 0.5);
  EXPECT_EQ(mean_interval(outcomes).low, share_interval(shares).low);
  EXPECT_EQ(mean_interval(outcomes).problems, 3);
  EXPECT_EQ(mean_interval({{}, {}}).high, 1);

  const Outcomes after = {{true, true}, {true}, {}, {true, false, false, false}};
  const Interval change = paired_difference(outcomes, after);
  EXPECT_EQ(change.mean, 0.375);
  EXPECT_EQ(change.problems, 2);
  EXPECT_EQ(paired_difference({{true}, {}}, {{}, {true}}).low, -1);
}

// t(0.975) out of a table, through data whose standard error is known: +-0.01 in turn.
TEST(Statistics, StudentQuantiles) {
  const struct {
    int problems;
    double quantile;
  } table[] = {{2, 12.706205}, {3, 4.302653},  {4, 3.182446},  {5, 2.776445},
               {6, 2.570582},  {10, 2.262157}, {30, 2.045230}, {200, 1.971957}};
  for (const auto& row : table) {
    std::vector<double> before(row.problems, 0), after;
    for (int i = 0; i < row.problems; ++i) after.push_back(i % 2 ? 0.01 : -0.01);
    const Interval estimate = difference_interval(before, after);
    const Interval over_values = student_interval(after);
    EXPECT_EQ(over_values.low, estimate.low);
    EXPECT_EQ(over_values.high, estimate.high);
    EXPECT_NEAR((estimate.high - estimate.mean) / estimate.standard_error, row.quantile, 0.001 * row.quantile)
        << row.problems;
  }
}

// Problems of different difficulty with several samples each: the interval holds the true share in
// about 95 of 100 evaluations. Binary samples taken as independent would hold it in far fewer.
TEST(Statistics, IntervalsHoldTheTruth) {
  constexpr int kEvaluations = 2000, kProblems = 60, kSamples = 8;
  int held = 0;
  for (uint64_t evaluation = 0; evaluation < kEvaluations; ++evaluation) {
    const Rng draws(1, {evaluation});
    std::vector<double> scores;
    for (uint64_t problem = 0; problem < kProblems; ++problem) {
      const bool easy = draws.uniform(problem * 100) < 0.25f;
      double right = 0;
      for (uint64_t sample = 1; sample <= kSamples; ++sample)
        right += draws.uniform(problem * 100 + sample) < (easy ? 0.9f : 0.1f);
      scores.push_back(right / kSamples);
    }
    const Interval estimate = share_interval(scores);
    held += estimate.low <= 0.3 && 0.3 <= estimate.high;
  }
  EXPECT_GT(held, 0.935 * kEvaluations);
  EXPECT_LT(held, 0.965 * kEvaluations);
}

// 95 % means 95 % for few seeds too, and for changes problem by problem.
TEST(Statistics, IntervalsOfMeansAndChangesHoldTheTruth) {
  constexpr int kTimes = 4000, kSeeds = 3, kProblems = 40, kSamples = 4;
  int seeds_held = 0, changes_held = 0;
  for (uint64_t time = 0; time < kTimes; ++time) {
    const Rng draws(2, {time});
    std::vector<double> by_seed, before, after;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) by_seed.push_back(0.5 + 0.05 * draws.normal(seed));
    const Interval over_seeds = student_interval(by_seed);
    seeds_held += over_seeds.low <= 0.5 && 0.5 <= over_seeds.high;
    for (uint64_t problem = 1; problem <= kProblems; ++problem) {
      const float share = 0.1f + 0.6f * draws.uniform(problem * 100);
      double right_before = 0, right_after = 0;
      for (uint64_t sample = 1; sample <= kSamples; ++sample) {
        right_before += draws.uniform(problem * 100 + sample) < share;
        right_after += draws.uniform(problem * 100 + 50 + sample) < share + 0.2f;
      }
      before.push_back(right_before / kSamples);
      after.push_back(right_after / kSamples);
    }
    const Interval change = difference_interval(before, after);
    changes_held += change.low <= 0.2 && 0.2 <= change.high;
  }
  for (const int held : {seeds_held, changes_held}) {
    EXPECT_GT(held, 0.94 * kTimes);
    EXPECT_LT(held, 0.96 * kTimes);
  }
}

}  // namespace
}  // namespace deepscaler
