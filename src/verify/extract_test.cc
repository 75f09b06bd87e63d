#include "verify/extract.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

using Found = Extraction::Found;

TEST(ExtractBoxed, TakesTheLastBox) {
  EXPECT_EQ(extract_boxed(R"(\boxed{1} then \boxed{\frac{1}{2}}.)").text, R"(\frac{1}{2})");
  EXPECT_EQ(extract_boxed(R"(\fbox{7})").text, "7");
  EXPECT_EQ(extract_boxed(R"($\boxed 5$)").text, "5");
  EXPECT_EQ(extract_boxed(R"(\boxed{\{1,2\}})").text, R"(\{1,2\})");
  EXPECT_EQ(extract_boxed(R"(write \boxed{ ... so \boxed{3})").text, "3");
}

TEST(ExtractBoxed, TellsAbsentEmptyAndTruncatedApart) {
  EXPECT_EQ(extract_boxed("none here, \\boxedx{1}").found, Found::none);
  EXPECT_EQ(extract_boxed(R"(\boxed{ })").found, Found::empty);
  EXPECT_EQ(extract_boxed(R"(\boxed{1} \boxed{\frac{1}{2})").found, Found::truncated);
  EXPECT_EQ(extract_boxed(R"(\boxed)").found, Found::truncated);
}

TEST(ExtractBoxed, JoinedBoxesAreOneAnswer) {
  EXPECT_EQ(extract_boxed(R"($x=\boxed{3}$ or $x=\boxed{7}$.)").text, R"(3 \text{ and } 7)");
  EXPECT_EQ(extract_boxed(R"(\boxed{1}, \boxed{2}, and \boxed{3})").text,
            R"(1 \text{ and } 2 \text{ and } 3)");
  EXPECT_EQ(extract_boxed("\\boxed{1}\n\n\\boxed{2}").text, "2");
  EXPECT_EQ(extract_boxed(R"(\boxed{1} is wrong and so it is \boxed{2})").text, "2");
}

TEST(ExtractAny, FollowsThePriorities) {
  EXPECT_EQ(extract_any(R"(Final Answer: The final answer is $5$. I hope it is correct.)").text, "5");
  EXPECT_EQ(extract_any(R"(The final answer is **12**.)").text, "12");
  EXPECT_EQ(extract_any(R"(\boxed{3}. Answer: 4)").text, "3");
  EXPECT_EQ(extract_any("Answer: 4\nbecause 7").text, "4");
  EXPECT_EQ(extract_any("so the answer is 2.5 apples.").text, "2.5 apples");
  EXPECT_EQ(extract_any("we get $x=1$ and then $x^2$").text, "x^2");
  EXPECT_EQ(extract_any("that makes -1,200 in all").text, "-1,200");
  EXPECT_EQ(extract_any("It costs $5 and then $7, which makes $12 in all.").text, "12");
  EXPECT_EQ(extract_any("Therefore $a = 3$ and the perimeter is $12\\text{ cm}$.").text, "12\\text{ cm}");
  EXPECT_EQ(extract_any("**Final Answer**: (C) 5").text, "(C) 5");
  EXPECT_EQ(extract_any("no idea").found, Found::none);
}

TEST(ExtractReference, FindsTheAnswer) {
  EXPECT_EQ(extract_reference("2+2=4\n#### 4"), "4");
  EXPECT_EQ(extract_reference(R"(thus $\boxed{\pi}$)"), R"(\pi)");
  EXPECT_EQ(extract_reference("The answer is $5$."), "5");
  EXPECT_EQ(extract_reference(" 3/4 \n"), "3/4");
}

}  // namespace
}  // namespace deepscaler
