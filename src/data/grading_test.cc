#include "data/grading.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "data/arithmetic.h"
#include "data/generators.h"

namespace deepscaler {
namespace {

TEST(Grading, TheSolutionOfEveryKindIsRightByItsOwnRule) {
  for (const ArithmeticKind& kind : arithmetic_kinds()) {
    for (const Problem& problem : generate_problems({.kinds = {std::string(kind.name)}, .count = 300})) {
      EXPECT_TRUE(is_gradable(problem)) << problem.id;
      EXPECT_TRUE(grade_response(problem, problem.solution, false).correct) << problem.id;
    }
  }
}

TEST(Grading, ACopyOfTheProblemIsWrong) {
  const Problem problem = {
      .id = "s", .problem = "What is 12 + 34?", .answers = {"46"}, .solution = "", .source = ""};
  EXPECT_EQ(grade_response(problem, "\\boxed{12+34}", false).reason, Reason::copied);
  EXPECT_TRUE(grade_response(problem, "\\boxed{46}", false).correct);
}

TEST(Grading, CountdownTakesAnotherWayToTheTarget) {
  const Problem problem = {.id = "c",
                           .problem = "",
                           .answers = {"14 from 2, 3, 4"},
                           .solution = "",
                           .source = "",
                           .grader = Grader::kCountdown};
  EXPECT_TRUE(grade_response(problem, "\\boxed{2 + 3 * 4}", false).correct);
  EXPECT_TRUE(grade_response(problem, "\\boxed{4 * 3 + 2}", false).correct);
  EXPECT_FALSE(grade_response(problem, "\\boxed{14}", false).correct);
  EXPECT_FALSE(grade_response(problem, "\\boxed{14 from 2, 3, 4}", false).correct);
  Problem unreadable = problem;
  unreadable.answers = {"14"};
  EXPECT_FALSE(is_gradable(unreadable));
  unreadable.grader = Grader::kAnswer;
  EXPECT_TRUE(is_gradable(unreadable));
}

TEST(Grading, ANameDecidesNothing) {
  const Problem problem = {
      .id = "c", .problem = "1+1?", .answers = {"2"}, .solution = "", .source = "countdown"};
  EXPECT_TRUE(is_gradable(problem));
  EXPECT_TRUE(grade_response(problem, "\\boxed{2}", false).correct);
}

TEST(Grading, CountdownProblemsAreDistinctAndSplit) {
  const auto train = generate_problems({.kinds = {"countdown"}, .count = 1000});
  const auto test = generate_problems({.kinds = {"countdown"}, .split = Split::kTest, .count = 300});
  std::set<std::string> ids;
  for (const auto& problems : {train, test}) {
    for (const Problem& problem : problems) EXPECT_TRUE(ids.insert(problem.id).second) << problem.id;
  }
}

}  // namespace
}  // namespace deepscaler
