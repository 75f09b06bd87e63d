#include "run/stages/curriculum.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

std::string reason(const UntilConfig& config, const StageHistory& history) {
  return reason_to_end(config, history).value_or("goes on");
}

TEST(Curriculum, WithoutRulesAStageGoesOn) {
  EXPECT_EQ(reason({}, {.pass_at_1 = {0.5, 0.1, 0.1, 0.1}, .clipped_ratio = std::vector<double>(10, 1.0)}),
            "goes on");
}

TEST(Curriculum, APlateauIsSoManyEvaluationsWithoutAGain) {
  const UntilConfig config{.plateau = 2};
  EXPECT_EQ(reason(config, {}), "goes on");
  EXPECT_EQ(reason(config, {.pass_at_1 = {0.3, 0.3}}), "goes on");
  EXPECT_EQ(reason(config, {.pass_at_1 = {0.3, 0.3, 0.29}}), "pass@1 has not risen for 2 evaluations");
  EXPECT_EQ(reason(config, {.pass_at_1 = {0.3, 0.2, 0.31}}), "goes on");  // the gain begins anew
  EXPECT_EQ(reason(config, {.pass_at_1 = {0.1, 0.5, 0.2, 0.3}}),          // a rise below the best is none
            "pass@1 has not risen for 2 evaluations");
}

TEST(Curriculum, AGainBelowTheThresholdIsNone) {
  const UntilConfig config{.plateau = 2, .plateau_gain = 0.1};
  EXPECT_EQ(reason(config, {.pass_at_1 = {0.3, 0.35, 0.39}}), "pass@1 has not risen for 2 evaluations");
  EXPECT_EQ(reason(config, {.pass_at_1 = {0.3, 0.35, 0.5}}), "goes on");
}

TEST(Curriculum, ManyTruncatedResponsesEndAStageOnceTheWindowIsFull) {
  const UntilConfig config{.clipped_ratio = 0.25, .window = 3};
  StageHistory history;
  for (double value : {0.9, 0.9}) history.add_clipped_ratio(value, config);
  EXPECT_EQ(reason(config, history), "goes on");
  history.add_clipped_ratio(0.3, config);
  EXPECT_EQ(reason(config, history), "70.0 % of the responses of its last 3 steps were truncated");
  for (double value : {0.0, 0.2}) history.add_clipped_ratio(value, config);
  EXPECT_EQ(history.clipped_ratio, (std::vector<double>{0.3, 0.0, 0.2}));
  EXPECT_EQ(reason(config, history), "goes on");
}

}  // namespace
}  // namespace deepscaler
