// Numbers worked out from the formulas in float64, where a head of two logits (l0, l1) stands for s = l1 -
// l0.
#include "train/process_reward_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/config.h"

namespace deepscaler {
namespace {

// An answer with a step at every second token.
StepwiseAnswer answer_with(const std::vector<bool>& labels) {
  StepwiseAnswer answer = {.where = "a", .prompt = {1}, .response = {}, .is_end = {}, .is_right = {}};
  for (const bool is_right : labels) {
    answer.response.insert(answer.response.end(), {2, 3});
    answer.is_end.insert(answer.is_end.end(), {0, 1});
    answer.is_right.insert(answer.is_right.end(), {0, static_cast<uint8_t>(is_right)});
  }
  return answer;
}

std::vector<float> values_at_ends(const std::vector<float>& values) {
  std::vector<float> all;
  for (const float value : values) all.insert(all.end(), {0, value});
  return all;
}

// Softmax cross-entropy of two logits over four steps: torch.nn.functional.cross_entropy.
TEST(ProcessRewardLoss, IsTheCrossEntropyOfTwoLogits) {
  const StepwiseAnswer answer = answer_with({true, true, false, false});
  const StepwiseAnswer* const answers[] = {&answer};
  const double logits[][2] = {{0.2, 1.5}, {0.0, 0.4}, {1.2, -0.3}, {-0.5, 0.9}};
  const double expected[] = {-0.05354125423936035, -0.10032808497188697, 0.04560638095158908,
                             0.20054597213964542};
  std::vector<PredictedToken> tokens;
  std::vector<float> values, derivatives(4);
  for (int32_t i = 0; i < 4; ++i) {
    tokens.push_back({.row = i, .target = 0, .group = 0, .response = 0, .token = 2 * i + 1});
    values.push_back(static_cast<float>(logits[i][1] - logits[i][0]));
  }
  ProcessRewardLoss loss(answers);
  loss.evaluate(tokens, values, derivatives);
  EXPECT_NEAR(loss.loss(), 0.6439635985335369, 1e-7);
  EXPECT_EQ(loss.accuracy(), 0.75);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(derivatives[i], expected[i], 1e-7) << i;
}

TEST(ProcessRewardLoss, IsFiniteFarFromZero) {
  const StepwiseAnswer answer = answer_with({true, false});
  const StepwiseAnswer* const answers[] = {&answer};
  const PredictedToken tokens[] = {{.row = 0, .target = 0, .group = 0, .response = 0, .token = 1},
                                   {.row = 1, .target = 0, .group = 0, .response = 0, .token = 3}};
  const float values[] = {-2000, -2000};
  std::vector<float> derivatives(2);
  ProcessRewardLoss loss(answers);
  loss.evaluate(tokens, values, derivatives);
  EXPECT_EQ(loss.loss(), 1000);
  EXPECT_EQ(derivatives, (std::vector<float>{-0.5, 0}));
}

TEST(ProcessRewardFigures, FirstErrorsAreFoundOrNot) {
  const StepwiseAnswer right = answer_with({true, true}), wrong = answer_with({true, false, false});
  // Of two wrong answers the first error of one is found, of three right ones none is found in two.
  const StepwiseAnswer* const answers[] = {&wrong, &wrong, &right, &right, &right};
  const GroupValues values = {{values_at_ends({1, -1, 1})},
                              {values_at_ends({-1, -1, -1})},
                              {values_at_ends({1, 1})},
                              {values_at_ends({1, 2})},
                              {values_at_ends({1, -1})}};
  const ProcessRewardFigures figures = process_reward_figures(answers, values);
  EXPECT_NEAR(figures.first_error_f1, 2 * (0.5 * 2 / 3) / (0.5 + 2.0 / 3), 1e-12);
  EXPECT_NEAR(figures.accuracy, 9.0 / 12, 1e-12);
  const double low = std::log1p(std::exp(-1)), high = std::log1p(std::exp(1)), two = std::log1p(std::exp(-2));
  EXPECT_NEAR(figures.loss, (8 * low + 3 * high + two) / 12, 1e-12);
  // Answers of one sort have the one share.
  EXPECT_NEAR(process_reward_figures(std::span(answers).subspan(2), {values.begin() + 2, values.end()})
                  .first_error_f1,
              2.0 / 3, 1e-12);
}

TEST(ProcessRewardConfig, SaysWhatIsMissing) {
  ProcessRewardConfig config;
  try {
    read_config_text("steps = 1\nseparator = \"\"", "r.toml", {}, [&](ConfigSection& s) { bind(s, config); });
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "r.toml:2: \"separator\" is empty; name what ends a step, as \"\\n\\n\"");
  }
}

}  // namespace
}  // namespace deepscaler
