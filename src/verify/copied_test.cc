#include "verify/copied.h"

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
           {"Convert $2310_4$ to base 10.", "180", "2310_4"},
           {"Express $555_{10}$ in base 5.", "4210_5", "555_{10}"},
           {"Express $413_5 \\div 2_5$ in base 5.", "204_5", "413_5 \\div 2_5"},
           {"Simplify $\\sqrt{242}$.", "11\\sqrt2", "\\sqrt{242}"},
           {"Simplify $\\frac{3}{\\sqrt{27}}$.", "\\frac{\\sqrt{3}}{3}", "\\frac{3}{\\sqrt{27}}"},
           {"Expand ${(x+2)(x+5)}$.", "x^2+7x+10", "{(x+2)(x+5)}"},
           {"Compute \\[\\sum_{k=2}^{5} \\frac{k}{2}.\\]", "7", "\\sum_{k=2}^5\\frac{k}{2}"},
           {"Solve $441+2(21)(19)+361=x$.", "1600", "441+2(21)(19)+361=x"},
           {"Which fraction is $0.\\overline{73}$?", "\\frac{73}{99}", "0.\\overline{73}"},
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

TEST(Copied, LongProblemsAreSearchedInLinearTimeOrNotAtAll) {
  std::string problem = "What is $12+34$?";
  problem.resize(kMaxProblemBytes, '7');
  EXPECT_TRUE(is_copied("12+34", "46", problem));
  EXPECT_FALSE(is_copied("12+34", "46", problem + "7"));
}

}  // namespace
}  // namespace deepscaler
