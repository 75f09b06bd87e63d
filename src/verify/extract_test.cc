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

TEST(ExtractBoxed, WordsMayJoinBoxes) {
  for (const char* text :
       {R"(\boxed{3} or else \boxed{5}.)", R"(it is either $\boxed{3}$ or $\boxed{5}$.)",
        R"($x = \boxed{3}$ and also $x = \boxed{5}$)",
        R"(The roots are $\boxed{3}$ together with $\boxed{5}$.)",
        R"(There are \boxed{3} boys and \boxed{5} girls.)", R"(\boxed{3} \& \boxed{5})",
        R"($\boxed{3}\text{ kg}$ and $\boxed{5}\text{ kg}$)",
        R"(The minimum is \boxed{3} and the maximum is \boxed{5}.)",
        R"(\boxed{3} (if $a>0$) and \boxed{5} (if $a<0$))", R"($\boxed{3}$ along with $\boxed{5}$)"}) {
    EXPECT_EQ(extract_boxed(text).text, R"(3 \text{ and } 5)") << text;
  }
  for (const char* text :
       {R"(At first I wrote \boxed{3}, but then I found \boxed{5}.)", R"(Not \boxed{3} but \boxed{5}.)",
        R"(It is not \boxed{3}, and so it is \boxed{5}.)", R"(\boxed{3}, and the total is \boxed{5})",
        R"(\boxed{3} (which is wrong) and \boxed{5})"}) {
    EXPECT_EQ(extract_boxed(text).text, "5") << text;
  }
}

TEST(ExtractBoxed, LeavesTheNumberOfAnEquationOut) {
  for (const char* text :
       {R"(\boxed{12\tag{1}})", R"(\[\boxed{12 \tag{2.3}}\])", R"($$\boxed{12\tag*{(4)}}$$)",
        R"(\boxed{12 \tag{*}}.)", R"(\boxed{12\tag{A}})", R"(\boxed{12\tag{iv}})", R"(\boxed{12 \eqno(7)})",
        R"($x$, so \boxed{12\tag{1}.})"}) {
    EXPECT_EQ(extract_boxed(text).text, "12") << text;
  }
  EXPECT_EQ(extract_boxed(R"($\boxed{12\tag{1}}$)").text, R"(12\tag{1})");  // TeX has none within a line
  EXPECT_EQ(extract_boxed(R"(\(\boxed{12\tag{1}}\))").text, R"(12\tag{1})");
  EXPECT_EQ(extract_boxed(R"(\boxed{12\tag{or 13}})").text, R"(12\tag{or 13})");
  EXPECT_EQ(extract_boxed(R"(\boxed{\tag{12}})").text, R"(\tag{12})");
  EXPECT_EQ(extract_any("The answer is\n\\[ 9 \\tag{1} \\]").text, "9");
  EXPECT_EQ(extract_any("$$x=9 \\tag{3}$$").text, "x=9");
  EXPECT_EQ(extract_reference("x=9 \\tag{3}"), "x=9");
}

TEST(ExtractAny, FollowsThePriorities) {
  EXPECT_EQ(extract_any("The correct option is (D).").text, "(D)");
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

TEST(ExtractAny, ReadsDisplaysOfTheirOwn) {
  EXPECT_EQ(extract_any("The answer is\n\\[\n9\n\\]").text, "9");
  EXPECT_EQ(extract_any("Answer:\n\n$$\nx=4\n$$\n").text, "x=4");
  EXPECT_EQ(extract_any("**Answer:**\n\n\\[ 7 \\]").text, "7");
}

TEST(ExtractAny, KeepsTheAsterisksOfProducts) {
  EXPECT_EQ(extract_any("The answer is 8*9.").text, "8*9");
  EXPECT_EQ(extract_any("The answer is 2**10.").text, "2**10");
  EXPECT_EQ(extract_any("The answer is 3 * 4 + 5 * 6.").text, "3 * 4 + 5 * 6");
  EXPECT_EQ(extract_any("The answer is **34**.").text, "34");
  EXPECT_EQ(extract_any("the answer is *34*").text, "34");
}

TEST(ExtractAny, TakesWhatTheSentenceSays) {
  EXPECT_EQ(extract_any("The largest $n$ is 34.").text, "34");
  EXPECT_EQ(extract_any("Final Answer: The largest value of $n$ is $34$.").text, "34");
  EXPECT_EQ(extract_any("Hence the value of $x+y$ is 34.").text, "34");
  EXPECT_EQ(extract_any("Final Answer: there are 12 ways").text, "12 ways");
  EXPECT_EQ(extract_any("The answer is 72, which is the total.").text, "72");
  EXPECT_EQ(extract_any("The answer is $5$ which is the largest.").text, "5");
  EXPECT_EQ(extract_any("The answer is 72 because 8*9 = 72.").text, "72");
  EXPECT_EQ(extract_any("The answer is D, it can't be A.").text, "D");
  EXPECT_EQ(extract_any("The answer is x = 3, y = 4.").text, "x = 3, y = 4");
}

TEST(ExtractAny, TakesAResponseThatIsTheAnswer) {
  for (const std::string answer :
       {"1-\\sqrt2", "x^2+1", "\\frac34", "(1,2)", "[0,1)", "x>2", "3:4", "10^3", "4 4/9", "1 000", "33.5\\%",
        "yes", "No solution", "(B)", "½", "sqrt(3)"}) {
    EXPECT_EQ(extract_any(answer).text, answer);
    EXPECT_EQ(extract_any(answer + "\n").text, answer);
  }
  EXPECT_EQ(extract_any("**D**").text, "D");
  EXPECT_EQ(extract_any("$odd$").text, "odd");
  EXPECT_EQ(extract_any("$19, 46, \\text{ and } 82$").text, "19, 46, \\text{ and } 82");
}

TEST(ExtractAny, JoinsTheLastFormulas) {
  EXPECT_EQ(extract_any("Since $u+v=3$, we find $8$,$4$.").text, "$8$,$4$");
  EXPECT_EQ(extract_any("We find $x=1$ or $x=4$ from this.").text, "$x=1$ or $x=4$");
  EXPECT_EQ(extract_any("We find $x=1$ and then $x=4$.").text, "x=4");
}

TEST(ExtractAny, TellsCurrencyFromFormulas) {
  EXPECT_EQ(extract_any("$10 + $5 = $15").text, "15");
  EXPECT_EQ(extract_any("Her total pay is $400 + $60 = $460 per week.").text, "460");
  EXPECT_EQ(extract_any("so it is 33.5 percent").text, "33.5 percent");
  EXPECT_EQ(extract_any("so it is 3 1/2 cups").text, "3 1/2");
}

TEST(ExtractAny, ReadsTags) {
  EXPECT_EQ(extract_any("work <answer>72</answer>").text, "72");
  EXPECT_EQ(extract_any("<answer>$\\frac12$</answer> done").text, "\\frac12");
}

TEST(ExtractBoxed, JoinsBoxesAcrossWhatTheyCount) {
  EXPECT_EQ(extract_boxed(R"(\boxed{3} apples and \boxed{5} oranges)").text, R"(3 \text{ and } 5)");
  EXPECT_EQ(extract_boxed(R"($\boxed{3}$ cm and $\boxed{5}$ cm)").text, R"(3 \text{ and } 5)");
  EXPECT_EQ(extract_boxed(R"(\boxed{3} as well as \boxed{5})").text, R"(3 \text{ and } 5)");
  EXPECT_EQ(extract_boxed(R"(\boxed{3} at first, then \boxed{5})").text, "5");
  EXPECT_EQ(extract_boxed(R"(\boxed{3} apples. And \boxed{5})").text, "5");
}

TEST(SingleEscaped, HalvesBackslashesOnlyWhereAllAreDoubled) {
  EXPECT_EQ(single_escaped(R"(\\frac{1}{2})"), R"(\frac{1}{2})");
  EXPECT_EQ(single_escaped(R"(5\\%)"), R"(5\%)");
  EXPECT_EQ(single_escaped(R"(1 \\ 2)"), R"(1 \\ 2)");
  EXPECT_EQ(single_escaped(R"(\frac12 \\ \frac13)"), R"(\frac12 \\ \frac13)");
  EXPECT_EQ(single_escaped(R"(\\begin{matrix}1\\\\2\\end{matrix})"), R"(\begin{matrix}1\\2\end{matrix})");
}

TEST(ExtractReference, FindsTheAnswer) {
  EXPECT_EQ(extract_reference("2+2=4\n#### 4"), "4");
  EXPECT_EQ(extract_reference(R"(thus $\boxed{\pi}$)"), R"(\pi)");
  EXPECT_EQ(extract_reference("The answer is $5$."), "5");
  EXPECT_EQ(extract_reference(" 3/4 \n"), "3/4");
}

}  // namespace
}  // namespace deepscaler
