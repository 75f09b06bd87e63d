#include "verify/grade.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

Verdict grade_one(const std::string& reference, std::string_view response, const GradeOptions& options = {}) {
  return grade(std::span(&reference, 1), response, options);
}

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

}  // namespace
}  // namespace deepscaler
