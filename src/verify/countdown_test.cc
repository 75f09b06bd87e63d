#include "verify/countdown.h"

#include <gtest/gtest.h>

#include <string>

namespace deepscaler {
namespace {

constexpr const char* kTask = "98 from 44, 19, 35";  // 44 + 19 + 35

Reason reason(const std::string& answer, const char* task = kTask) {
  return grade_countdown(task, "Let us see. \\boxed{" + answer + "}", false).reason;
}

TEST(Countdown, AnyRightExpressionCounts) {
  for (const char* answer :
       {"44 + 19 + 35", "35+(19+44)", "19 + 44 + 35 = 98", "(35) + [44 + 19]", "\\left(44+19\\right)+35",
        "35 - -(44 + 19)", "$44 + 19 + 35$", "44 − -19 + 35"}) {
    EXPECT_EQ(reason(answer), Reason::equal) << answer;
  }
  for (const char* answer : {"5 / (1 - 2 / 3)", "5 \\div (1 - \\frac{2}{3})", "5/(1-(2/3))",
                             "\\dfrac{5}{1 - \\frac{2}{3}} = 15"}) {
    EXPECT_EQ(reason(answer, "15 from 1, 2, 3, 5"), Reason::equal) << answer;
  }
  EXPECT_EQ(reason("4(2 \\times 3)", "24 from 2, 3, 4"), Reason::equal);
  EXPECT_EQ(reason("4 × 3 · 2", "24 from 2, 3, 4"), Reason::equal);
}

TEST(Countdown, EveryNumberOnceAndTheRightValue) {
  for (const char* answer : {"44 + 19", "44 + 19 + 35 + 0", "44 + 19 + 35 - 1 + 1", "98", "44 + 54",
                             "44 - 19 + 35", "44 + 19 + 35 = 97", "49 + 49", "44 * 19 * 35"}) {
    EXPECT_EQ(reason(answer), Reason::different) << answer;
  }
  EXPECT_EQ(reason("11 + 87", "98 from 1, 1, 87"), Reason::different);
}

TEST(Countdown, WhatIsNoExpressionIsWrongAndNothingHangs) {
  for (const std::string& answer :
       {std::string("44 + 19 +"), std::string("44 + (19 + 35"), std::string("x + 44"),
        std::string("44 19 35"), std::string("44.0 + 19 + 35"), std::string("44 / (19 - 19) + 35"),
        std::string("= 98"), std::string("44 + 19 + 35 = 98 = 98"), std::string(100'000, '('),
        std::string(1900, '-') + "1", std::string("99999999999999999999 + 1"),
        std::string("44 + 19 + 35 \\text{ is it}")}) {
    EXPECT_EQ(reason(answer), Reason::unparsable_answer) << answer.substr(0, 40);
  }
  EXPECT_EQ(grade_countdown(kTask, "44 + 19 + 35", false).reason, Reason::no_answer);
  EXPECT_EQ(grade_countdown(kTask, "\\boxed{44 + 19 + 35}", true).reason, Reason::truncated);
  EXPECT_TRUE(grade_countdown(kTask, "</think>\\boxed{44 + 19 + 35}", true).correct);
  EXPECT_EQ(grade_countdown(kTask, "\\boxed{44 + 19 + 35}", false).score, 1);
}

TEST(Countdown, TasksAreReadStrictly) {
  ASSERT_TRUE(parse_countdown("98 from 44, 19, 35"));
  EXPECT_EQ(parse_countdown("98 from 44, 19, 35")->target, 98);
  EXPECT_EQ(parse_countdown("98 from 44,19,35")->numbers, (std::vector<int64_t>{44, 19, 35}));
  for (const char* reference : {"", "98", "98 from", "98 from ,", "98 from 44, x", "98 from 44 19",
                                "-1 from 4", "98 from 44,", "98765432109 from 1"}) {
    EXPECT_FALSE(parse_countdown(reference)) << reference;
  }
  const Verdict verdict = grade_countdown("42", "\\boxed{42}", false);
  EXPECT_TRUE(verdict.undecided && !verdict.correct);
}

}  // namespace
}  // namespace deepscaler
