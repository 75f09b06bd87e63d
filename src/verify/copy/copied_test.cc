#include "verify/copy/copied.h"

#include <gtest/gtest.h>

#include <string>

#include "verify/grade.h"

namespace deepscaler {
namespace {

struct Case {
  const char* problem;
  const char* reference;
  const char* answer;
};

Reason judged(const std::string& problem, const std::string& reference, const std::string& answer) {
  GradeOptions options;
  options.problem = problem;
  return grade(std::span(&reference, 1), "\\boxed{" + answer + "}", options).reason;
}

TEST(Copied, TheProblemInTheBoxIsWrong) {
  for (const Case& c : {
           Case{"What is $12+34$?", "46", "12+34"},
           {"What is 12 + 34?", "46", "12+34"},
           {"What is $12+34$?", "46", "34+12"},
           {"What is $12+34$?", "46", "(12 + 34)"},
           {"What is $12+34$?", "46", "x = 12+34"},
           {"What is $12+34$?", "46", "12+34=34+12"},
           {"How many dollars are $12+34$ dollars?", "46", "12+34 \\text{ dollars}"},
           {"Compute $\\sum_{k=1}^{10} k$.", "55", "\\sum_{k=1}^{10}k"},
           {"Compute $5!$.", "120", "5!"},
           {"Compute $\\dbinom{5}{3}$.", "10", "\\binom53"},
           {"Find $3 \\times 4 \\times 5$.", "60", "5\\cdot3\\cdot4"},
           {"Find $7 - 10 + 5$.", "2", "5-10+7"},
           {"Compute $2^{10}$.", "1024", "2^{10}"},
           {"Simplify $\\dfrac{84}{144}$.", "\\frac{7}{12}", "84/144"},
           {"What is $\\frac{12}{4}$?", "3", "\\frac{12}{4}"},
           {"Evaluate $\\sqrt{16}$.", "4", "\\sqrt{16}"},
           {"Evaluate $\\log_2 16$.", "4", "\\log_2 16"},
           {"Compute $\\sin 60^\\circ$.", "\\frac{\\sqrt{3}}{2}", "\\sin 60^\\circ"},
           {"Evaluate $\\lfloor 3.7 \\rfloor$.", "3", "\\lfloor 3.7 \\rfloor"},
           {"Compute $|3-4i|$.", "5", "|3-4i|"},
           {"Expand $(x+2)(x+3)$.", "x^2+5x+6", "(x+2)(x+3)"},
           {"Factor $x^2-4$.", "(x-2)(x+2)", "x^2-4"},
           {"Factor $2x+4$.", "2(x+2)", "2x+4"},
           {"Rationalize $\\frac{1}{\\sqrt{2}+1}$.", "\\sqrt{2}-1", "\\frac{1}{\\sqrt2+1}"},
           {"Rationalize the denominator of $\\frac{1}{\\sqrt[3]{2}}$.", "\\frac{\\sqrt[3]{4}}{2}",
            "\\frac{1}{\\sqrt[3]2}"},
           {"Rationalize the denominator of $\\sqrt{\\frac{5}{7}}$.", "\\frac{\\sqrt{35}}{7}",
            "\\sqrt{\\frac57}"},
           {"Rationalize $\\frac{1}{\\sqrt2}$.", "\\frac{\\sqrt2}{2}", "\\frac{1}{\\sqrt2}"},
           {"Rationalize $\\frac{\\sqrt2}{\\sqrt3}$.", "\\frac{\\sqrt6}{3}", "\\frac{\\sqrt2}{\\sqrt3}"},
           {"Convert $2310_4$ to base 10.", "180", "2310_4"},
           {"Express $555_{10}$ in base 5.", "4210_5", "555_{10}"},
           {"Convert $115_{10}$ to base 11.", "\\text{A5}_{11}", "115_{10}"},
           {"Express $413_5 \\div 2_5$ in base 5.", "204_5", "413_5 \\div 2_5"},
           {"Simplify $\\sqrt{242}$.", "11\\sqrt2", "\\sqrt{242}"},
           {"Simplify $\\frac{3}{\\sqrt{27}}$.", "\\frac{\\sqrt{3}}{3}", "\\frac{3}{\\sqrt{27}}"},
           {"Expand ${(x+2)(x+5)}$.", "x^2+7x+10", "{(x+2)(x+5)}"},
           {"Compute \\[\\sum_{k=2}^{5} \\frac{k}{2}.\\]", "7", "\\sum_{k=2}^5\\frac{k}{2}"},
           {"Solve $441+2(21)(19)+361=x$.", "1600", "441+2(21)(19)+361=x"},
           {"Which fraction is $0.\\overline{73}$?", "\\frac{73}{99}", "0.\\overline{73}"},
           {"Solve $x+1=5$.", "x=4", "x+1=5"},
           {"Solve $x+1=5$.", "x=4", "5=1+x"},
           {"Solve $x+1=5$.", "x=4", "x+1=5+0"},
           {"Solve $x+1=5$.", "x=4", "\\text{The solution is } x+1=5."},
           {"Solve $x+1>5$.", "x>4", "x+1>5"},
           {"Solve $2y=4x+6$ for $y$.", "y=2x+3", "2y=4x+6"},
           {"Let $x+1=5$. What is $x$?", "x=4", "x+1=5"},
           {"Let $x = 12+34$. What is $x$?", "46", "12+34"},
           {"Write $2x-y+3=0$ in slope-intercept form.", "y=2x+3", "2x-y+3=0"},
           {"What is $12+34$?", "46", "\\text{12+34}"},
           {"What is $12+34$?", "46", "\\mathrm{12+34}"},
           {"What is $12+34$?", "46", "12+34,"},
           {"What is $12+34$?", "46", "12+34;"},
           {"What is $12+34$?", "46", "12+34:"},
           {"What is $12+34$?", "46", "\\text{The answer is } 12+34"},
           {"What is $12+34$?", "46", "\\text{approximately } 12+34"},
           {"What is $12+34$?", "46", "x \\text{ is } 12+34"},
           {"What is $12+34$?", "46", "12+34+0"},
           {"What is $12+34$?", "46", "0+12+34"},
           {"What is $12+34$?", "46", "12+0+34-0"},
           {"What is $12+34$?", "46", "1\\cdot(12+34)"},
           {"What is $12+34$?", "46", "1(34+12)"},
           {"What is $12+34$?", "46", "(12+34)/1"},
           {"What is $12+34$?", "46", "(12+34)^1+0"},
           {"What is $12+34$?", "46", "|12+34|"},
           {"What is $12+34$?", "46", "\\left|34+12\\right|"},
           {"What is $12+34$?", "46", "+12+34"},
           {"Expand $(x+2)(x+3)$.", "x^2+5x+6", "(x+3)(x+2)"},
           {"Expand $x(x+3)$.", "x^2+3x", "(x+3)x"},
           {"Expand $2(x+3)^2$.", "2x^2+12x+18", "(x+3)^2\\cdot 2"},
           {"Write $(0,2)\\cup(1,3)$ as one interval.", "(0,3)", "(1,3)\\cup(0,2)"},
           {"Find $[0,2]\\cap[1,3]$.", "[1,2]", "[1,3]\\cap[0,2]"},
           {"How many are there? There are $12+34$.", "46", "12+34"},
           {"What is $12+34$?", "46", "\\lfloor 12+34 \\rfloor"},
           {"What is $12+34$?", "46", "\\sqrt{(12+34)^2}"},
           {"What is $12+34$?", "46", "12+34+5-5"},
           {"What is $12+34$?", "46", "\\frac{12+34}{1}"},
           {"What is $12+34$?", "46", "\\frac{2(12+34)}{2}"},
           {"What is $12+34$?", "46", "12.0+034"},
           {"What is $1.50+2.5$?", "4", "1.5+2.50"},
           {"What is $12+34$? \\", "46", "12+34"},
           {"$441+2(21)(19)+361=x$. Solve for $x$.", "1600", "441+2(21)(19)+361=x"},
           {"An insect has $154_6$ eggs. In base 10, how many are they?", "70", "154_6"},
           {"Express $\\frac{1}{1\\times2} + \\frac{1}{2\\times3}$.", "\\frac23",
            "\\frac{1}{1\\times2} + \\frac{1}{2\\times3}"},
           {"Find $2^{1}+2^{2}+0$.", "6", "2^{1}+2^{2}+0"},
       }) {
    EXPECT_EQ(judged(c.problem, c.reference, c.answer), Reason::copied) << c.problem << " " << c.answer;
    EXPECT_LE(judged("", c.reference, c.answer), Reason::numeric_agreement) << c.reference << " " << c.answer;
  }
}

TEST(Copied, AnAnswerThatTheProblemMentionsIsRight) {
  for (const Case& c : {
           Case{"Is $12+34$ equal to 46?", "46", "46"},
           {"What is $12+34$?", "46", "12+34=46"},
           {"What is $12+34$?", "46", "46.0"},
           {"What is $13+34$, if $12+34=46$?", "47", "40+7"},
           {"Given $\\sin x = \\frac{1}{\\sqrt{2}}$, find $\\cos x$.", "\\frac{\\sqrt2}{2}",
            "\\frac{1}{\\sqrt{2}}"},
           {"A square of side $\\sqrt{6}$.", "\\frac{6}{\\sqrt{6}}", "\\sqrt{6}"},
           {"A charge of $I(0) e^{-\\frac{t}{R C}}$.", "I(0)e^{-\\frac{t}{RC}}", "I(0) e^{-\\frac{t}{R C}}"},
           {"About 4.4 x 10^7 ferrets.", "4.4e7", "4.4 x 10^7"},
           {"At $100 \\text{ rad} / \\text{s}$.", "100", "100 \\text{ rad} / \\text{s}"},
           {"For $25, $50, or more.", "50", "50, or"},
           {"An area of 5 cm^2.", "5\\text{ cm}^2", "5 cm^2"},
           {"One half, $\\frac{1}{2}$, of it.", "0.5", "\\frac12"},
           {"With $c = 3.00\\times10^8$.", "300000000", "3.00 \\times 10^8"},
           {"It is $2\\frac{3}{4}$ long.", "2.75", "2\\frac34"},
           {"Which is it? (A) $2^3$ (B) $3^2$", "(A) 2^3", "2^3"},
           {"Which is it? (A) $2^3$ (B) $3^2$", "A", "(A) 2^3"},
           {"Write it as $\\frac{1}{2}ab$.", "\\frac{ab}{2}", "\\frac12 ab"},
           {"Of $5+3\\sqrt2$ and $1$, which is larger?", "3\\sqrt{2}+5", "5+3\\sqrt{2}"},
           {"Is $x^2+2x+1$ a square?", "x^2+2x+1", "x^2 + 2x + 1"},
           {"Which of $x > 2$ and $x < 2$?", "(2,\\infty)", "(2, \\infty)"},
           {"The angle is $60^\\circ$.", "60", "60^\\circ"},
           {"The line $y=2x+3$.", "2x-y+3=0", "y = 2x+3"},
           {"Find the derivative of $x^2e^x$.", "e^x(x^2+2x)", "2xe^x+x^2e^x"},
           {"What is $12+34$?", "46", "12+34=46"},
           {"Of $5 \\cdot 2$ and $3$, what is the sum?", "13", "10+3"},
           {"A graph has $n(n-1)$ arcs. How many pairs of different vertices are there among $n$?", "n^2-n",
            "n(n-1)"},
           {"A graph has $n^2-n$ arcs. How many pairs of different vertices are there among $n$?", "n(n-1)",
            "n^2-n"},
           {"Find the length of the side, if the area is $x^2+2x+1$ and $x > 0$.", "(x+1)^2", "x^2+2x+1"},
           {"There are $2 + 3$ apples, and $x$ pears. How many apples are $10x/2x$ apples?", "5", "2+3"},
           {"Solve $x+1=5$.", "x=4", "x=4"},
           {"Solve $x+1=5$.", "x=4", "4=x"},
           {"Solve $10 = 1 \\cdot x$.", "10", "1 \\cdot 10"},
       }) {
    EXPECT_LE(judged(c.problem, c.reference, c.answer), Reason::numeric_agreement)
        << c.problem << " " << c.answer << " " << reason_name(judged(c.problem, c.reference, c.answer));
  }
}

TEST(Copied, AnotherReferenceMayBeTheExpressionItself) {
  GradeOptions options;
  options.problem = "Write $2^5$ otherwise.";
  const std::string references[] = {"32", "2^5"};
  EXPECT_TRUE(grade(references, "\\boxed{2^5}", options).correct);
}

TEST(Copied, ACopyThatNobodyCanWorkOutIsOne) {
  EXPECT_EQ(judged("Find the digit sum of $9^{9^{9}} + 1$.", "5", "9^{9^{9}} + 1"), Reason::different);
  EXPECT_EQ(judged("Compute $\\sum_{k=1}^{10^9} k$.", "500000000500000000", "\\sum_{k=1}^{10^9} k"),
            Reason::copied);
}

TEST(Copied, LongProblemsAreSearchedInLinearTimeOrNotAtAll) {
  std::string problem = "What is $12+34$? ";
  problem.resize(kMaxProblemBytes, '7');
  Steps steps(100'000);
  EXPECT_TRUE(is_copied("12+34", "46", problem, steps));
  EXPECT_LE(steps.used(), 30'000);
  EXPECT_FALSE(is_copied("12+34", "46", problem + "7", steps = Steps(100'000)));
  EXPECT_EQ(steps.used(), 0);
  EXPECT_FALSE(is_copied("12+34", "46", problem, steps = Steps(10'000)));  // unread
}

// Nearly found at every place, in every order.
TEST(Copied, NoAnswerMakesTheSearchExpensive) {
  std::string ones;
  while (ones.size() < kMaxProblemBytes - 100) ones += "1+";
  const std::string problem = "What is $" + ones + "0$?";
  const auto steps_of_search = [&](const std::string& answer, bool expected) {
    Steps steps(1'000'000'000);
    EXPECT_EQ(is_copied(answer, "10", problem, steps), expected) << answer.substr(0, 20);
    return steps.used();
  };
  const int64_t once = steps_of_search("2+1", false);
  EXPECT_LE(once, 40'000);
  EXPECT_LE(steps_of_search("1+2+3+4", false), once * 12);
  EXPECT_LE(steps_of_search("1+2+3+4+5", false), once);
  std::string sum = "2", sides = "1+1";
  for (int i = 0; i < 1000; ++i) sum += "+1";
  for (int i = 0; i < 500; ++i) sides += "=1+1";
  EXPECT_LE(steps_of_search(sum, false), once * 2);
  EXPECT_LE(steps_of_search(sides, true), once * 8);
  // In the verdict, all is bounded by the limit of steps.
  GradeOptions options;
  options.problem = problem;
  const std::string reference = "10";
  const Verdict verdict = grade(std::span(&reference, 1), "\\boxed{1+2+3+4}", options);
  EXPECT_LE(verdict.steps, options.policy.step_limit * 2);
}

}  // namespace
}  // namespace deepscaler
