#include "verify/grade.h"

#include <gtest/gtest.h>

#include <utility>

namespace deepscaler {
namespace {

Verdict grade_one(const std::string& reference, std::string_view response, const GradeOptions& options = {}) {
  return grade(std::span(&reference, 1), response, options);
}

std::string boxed(const std::string& answer) { return "\\boxed{" + answer + "}"; }

TEST(Grade, NumbersAreEqualHoweverWritten) {
  EXPECT_TRUE(grade_one("42", R"(So it is $\boxed{42}$.)").correct);
  EXPECT_TRUE(grade_one("1234", R"(\boxed{1{,}234})").correct);
  EXPECT_TRUE(grade_one("1,234", R"(\boxed{1234.0})").correct);
  EXPECT_TRUE(grade_one("0.5", R"(\boxed{\frac12})").correct);
  EXPECT_TRUE(grade_one(R"(-\frac{1}{2})", R"(\boxed{-2/4})").correct);
  EXPECT_TRUE(grade_one(R"(\frac{1}{7})", R"(\boxed{0.142857})").correct);
  EXPECT_FALSE(grade_one(R"(\frac{1}{7})", R"(\boxed{0.1429})").correct);
  EXPECT_FALSE(grade_one("42", R"(\boxed{43})").correct);
  EXPECT_FALSE(grade_one("0", R"(\boxed{0.0000001})").correct);
}

TEST(Grade, SaysWhyThereIsNoAnswer) {
  EXPECT_EQ(grade_one("42", "42").reason, Reason::no_answer);
  EXPECT_EQ(grade_one("42", R"(\boxed{})").reason, Reason::empty_answer);
  EXPECT_EQ(grade_one("42", R"(\boxed{42)").reason, Reason::truncated);
  EXPECT_EQ(grade_one("42", R"(\boxed{42} and now \boxed{)").reason, Reason::truncated);
}

TEST(Grade, OnlyWhatFollowsTheThinkingCounts) {
  const GradeOptions opened{.prompt_opened_thinking = true};
  EXPECT_EQ(grade_one("42", R"(hm \boxed{42})", opened).reason, Reason::truncated);
  EXPECT_TRUE(grade_one("42", R"(hm </think> \boxed{42})", opened).correct);
  EXPECT_EQ(grade_one("42", R"(hm \boxed{42} </think> done)", opened).reason, Reason::no_answer);
  EXPECT_EQ(grade_one("42", R"(<think> hm \boxed{42})").reason, Reason::truncated);
}

TEST(Grade, AnyReferenceCountsAndAnUnreadableOneIsReported) {
  const std::string references[] = {"7", "8"};
  EXPECT_TRUE(grade(references, R"(\boxed{8})").correct);
  EXPECT_FALSE(is_readable_reference("  "));
  const Verdict verdict = grade_one("", R"(\boxed{8})");
  EXPECT_TRUE(verdict.undecided);
  EXPECT_EQ(verdict.reason, Reason::unparsable_reference);
}

TEST(Grade, AnyModeTakesTheLastAnswerOfTheStrongestKind) {
  const GradeOptions any{.extract = ExtractMode::any};
  const std::pair<const char*, bool> responses[] = {
      {"The final answer is $12$. I hope it is correct. Or $13$?", true},
      {"First \\boxed{13}. The final answer is 12.", true},
      {"so \\boxed{12}. Answer: 13", true},
      {"Answer: 13? No. Answer: 12", true},
      {"the answer is 12 dollars.", true},
      {"**Answer** 12", true},
      {"which makes $3 \\cdot 4$", true},
      {"7 + 5 makes 12", true},
      {"13 </think> it is \\boxed{12}", true},
      {"\\[ x = 13 \\] and then \\( x = 12 \\)", true},
      {"The final answer is 13. I hope it is correct. It is 12.", false},
      {"The final answer is 13. \\boxed{12}", false},
      {"\\boxed{12} or rather \\boxed{13}", false},
      {"\\boxed{12", false},
      {"Answer: 12\nAnswer: 13", false},
      {"$12$ and then $13$", false},
      {"12 and then 13", false},
      {"<think> the answer is 12", false},
      {"twelve", false},
      {"", false},
  };
  for (const auto& [response, right] : responses) {
    const Verdict verdict = grade_one("12", response, any);
    EXPECT_EQ(verdict.correct, right) << response << ": " << verdict.extracted;
  }
  EXPECT_EQ(grade_one("12", "no idea", any).reason, Reason::no_answer);
  EXPECT_EQ(grade_one("12", "<think> 12", any).reason, Reason::truncated);
}

// Each of these is right by default and wrong where the policy is strict.
TEST(Grade, PoliciesForgiveWhatTheyName) {
  struct Case {
    bool Policy::*field;
    const char* reference;
    const char* answer;
  };
  for (const Case& c : {
           Case{&Policy::percent_may_be_dropped, "45\\%", "45"},
           {&Policy::units_may_be_dropped, "5\\text{ cm}", "5"},
           {&Policy::units_may_be_dropped, "5", "5\\text{ cm}"},
           {&Policy::units_may_be_dropped, "60^\\circ", "60"},
           {&Policy::units_may_be_dropped, "\\$5", "5"},
           {&Policy::names_may_be_dropped, "x=5", "5"},
           {&Policy::names_may_be_dropped, "5", "x=5"},
           {&Policy::names_may_be_dropped, "(1,2)", "x=1,y=2"},
           {&Policy::names_may_be_dropped, "(1,2)", "x \\in (1,2)"},
       }) {
    const std::string answer = "\\boxed{" + std::string(c.answer) + "}";
    EXPECT_TRUE(grade_one(c.reference, answer).correct) << c.reference << " " << c.answer;
    GradeOptions strict;
    strict.policy.*c.field = false;
    const Verdict verdict = grade_one(c.reference, answer, strict);
    EXPECT_FALSE(verdict.correct || verdict.undecided) << c.reference << " " << c.answer;
    EXPECT_TRUE(grade_one(c.reference, "\\boxed{" + std::string(c.reference) + "}", strict).correct);
  }
  GradeOptions strict;
  strict.policy.percent_may_be_dropped = false;
  EXPECT_TRUE(grade_one("45\\%", "\\boxed{0.45}", strict).correct);
  strict.policy.units_may_be_dropped = false;
  EXPECT_TRUE(grade_one("5\\text{ cm}", "\\boxed{50\\text{ mm}}", strict).correct);
  EXPECT_TRUE(grade_one("5\\text{ ways}", "\\boxed{5}", strict).correct);  // a count is no unit
}

// The readings that are off unless someone asks for them.
TEST(Grade, PoliciesAddReadings) {
  struct Case {
    bool Policy::*field;
    const char *reference, *right, *wrong;
  };
  for (const Case& c : {
           Case{&Policy::references_may_be_rounded, "33.3", "\\frac{100}{3}", "33.4"},
           {&Policy::references_may_be_rounded, "3.14", "\\pi", "3.15"},
           {&Policy::inequalities_may_be_pairs, "(0,12.5)", "0<x<12.5", "0<x<12"},
           {&Policy::inequalities_may_be_pairs, "(-2,2)", "x>-2, x<2", "x>-2"},
           {&Policy::letters_may_differ, "f(x)=cx", "f(x)=ax", "f(x)=ax+a"},
           {&Policy::letters_may_differ, "ax+b", "px+q", "px+p"},
       }) {
    const std::string right = boxed(c.right), wrong = boxed(c.wrong);
    EXPECT_FALSE(grade_one(c.reference, right).correct) << c.reference << " " << c.right;
    GradeOptions wide;
    wide.policy.*c.field = true;
    EXPECT_TRUE(grade_one(c.reference, right, wide).correct) << c.reference << " " << c.right;
    EXPECT_FALSE(grade_one(c.reference, wrong, wide).correct) << c.reference << " " << c.wrong;
  }
}

TEST(Grade, TakesAValueByTheNameThatTheProblemAsksFor) {
  GradeOptions options;
  options.problem = "The sum is $\\frac{m}{n}$ in lowest terms. Find $m+n$.";
  EXPECT_TRUE(grade_one("25", boxed("m+n=25"), options).correct);
  EXPECT_FALSE(grade_one("25", boxed("m+n=26"), options).correct);
  EXPECT_FALSE(grade_one("25", boxed("m-n=25"), options).correct);
  EXPECT_FALSE(grade_one("25", boxed("m+n=25")).correct);
  options.policy.asked_names_may_be_given = false;
  EXPECT_FALSE(grade_one("25", boxed("m+n=25"), options).correct);
  options.policy.asked_names_may_be_given = true;
  options.problem = "If $x = 7$, find $y$.";
  EXPECT_TRUE(grade_one("7", boxed("y=7"), options).correct);
  EXPECT_FALSE(grade_one("x = 7", boxed("y=7"), options).correct);  // the reference has a name of its own
}

TEST(Grade, ReadsDoublyEscapedAnswers) {
  EXPECT_TRUE(grade_one("\\frac12", "so \\\\boxed{\\\\frac{1}{2}}").correct);
  EXPECT_TRUE(grade_one("\\\\boxed{5}", "\\boxed{5}").correct);
  EXPECT_TRUE(grade_one("\\\\begin{pmatrix}1\\\\\\\\2\\\\end{pmatrix}",
                        "\\boxed{\\begin{pmatrix}1\\\\2\\end{pmatrix}}")
                  .correct);
  EXPECT_FALSE(grade_one("1, 2", "\\boxed{1 \\\\ 3}").correct);
}

TEST(Grade, TheStepLimitBoundsTheWorkAndDecidesWhatIsFound) {
  const std::string reference = "\\sqrt{5+2\\sqrt{6}}", answer = "\\boxed{\\sqrt{2}+\\sqrt{3}}";
  const Verdict full = grade_one(reference, answer);
  EXPECT_EQ(full.reason, Reason::equal);
  EXPECT_GT(full.steps, 100);
  GradeOptions options;
  options.policy.step_limit = full.steps;
  EXPECT_EQ(grade_one(reference, answer, options).steps, full.steps);
  EXPECT_EQ(grade_one(reference, answer, options).reason, Reason::equal);
  options.policy.step_limit = 8;  // not even the reference's value is found
  const Verdict open = grade_one(reference, answer, options);
  EXPECT_EQ(open.reason, Reason::work_limit);
  EXPECT_TRUE(open.undecided && !open.correct);
  EXPECT_LT(open.steps, 2 * 8 + 200);
  options.policy.step_limit = 200;  // the reference has a value, the answer takes more
  const Verdict costly = grade_one("5", "\\boxed{\\sum_{k=1}^{1000} k}", options);
  EXPECT_EQ(costly.reason, Reason::out_of_reach);
  EXPECT_FALSE(costly.undecided);
  EXPECT_EQ(grade_one("500500", "\\boxed{\\sum_{k=1}^{1000} k}").reason, Reason::equal);
}

}  // namespace
}  // namespace deepscaler
