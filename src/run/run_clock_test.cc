#include "run/run_clock.h"

#include <gtest/gtest.h>

#include "run/stages/grpo_stage.h"

namespace deepscaler {
namespace {

int64_t& longest_response(StageConfig& stage) {
  return dynamic_cast<GrpoSettings&>(stage.settings()).config.rollout.sampling.max_response_tokens;
}

Recipe two_stages() {
  Recipe recipe;
  recipe.stages.resize(2);
  for (StageConfig& stage : recipe.stages) {
    stage.kind = "grpo";
    longest_response(stage) = 100;
  }
  longest_response(recipe.stages[1]) = 300;
  return recipe;
}

TEST(RunClock, StepsToComeTakeAsLongAsThoseBefore) {
  const Recipe recipe = two_stages();
  RunClock clock(recipe, {10, 4});
  EXPECT_EQ(clock.left_s(0, 0), std::nullopt);
  clock.took_step(0, 2);
  clock.took_step(0, 4);
  // Eight steps of 3 s, and four with three times the tokens.
  EXPECT_DOUBLE_EQ(*clock.left_s(0, 2), 8 * 3 + 4 * 9);
  clock.took_step(1, 5);
  EXPECT_DOUBLE_EQ(*clock.left_s(1, 1), 3 * 5);
}

TEST(RunClock, EvaluationsCount) {
  Recipe recipe = two_stages();
  recipe.eval.every = 4;
  recipe.stages[1].eval.at_end = false;
  RunClock clock(recipe, {10, 4});
  clock.took_step(0, 1);
  clock.took_evaluation(20);
  // After steps 4 and 8 and at the end; none in the second stage.
  EXPECT_DOUBLE_EQ(*clock.left_s(0, 1), 9 + 3 * 20 + 4 * 3);
  EXPECT_DOUBLE_EQ(*clock.left_s(0, 8), 2 + 20 + 4 * 3);
}

TEST(RunClock, ForgetsOldSteps) {
  const Recipe recipe = two_stages();
  RunClock clock(recipe, {100, 0});
  clock.took_step(0, 1000);
  for (int i = 0; i < 10; ++i) clock.took_step(0, 1);
  EXPECT_DOUBLE_EQ(*clock.left_s(0, 11), 89);
}

}  // namespace
}  // namespace deepscaler
