#include "verify/parse/parse.h"

#include <gtest/gtest.h>

#include <string>

#include "verify/latex/lexer.h"

namespace deepscaler {
namespace {

std::string read(std::string_view text) {
  const auto expr = parse_answer(text);
  return expr ? to_text(*expr) : "not readable";
}

std::string words_of(std::string_view text) {
  std::string result;
  for (const Token& token : tokenize(text)) {
    if (token.kind != Token::Kind::end) result += token.text + " ";
  }
  return result;
}

TEST(Lexer, KnowsOneSpellingOfEachThing) {
  EXPECT_EQ(words_of(R"(\dfrac{1}{2} \cdot\left( x \right)\,)"), "frac { 1 } { 2 } * ( x ) ");
  EXPECT_EQ(words_of("½ × √2 ≤ π²"), "frac { 1 } { 2 } * rootsign 2 le pi ^ { 2 } ");
  EXPECT_EQ(words_of(R"(1,234 + 1{,}234 + 1,\!234 + 1\,234 + (1,234))"),
            "1234 + 1234 + 1234 + 1234 + ( 1 , 234 ) ");
  EXPECT_EQ(words_of(R"(4.5e33 2B_{16} \text{ cm}^2)"), "4.5e33 2B _ { 16 } cm ^ 2 ");
}

TEST(Parse, KeepsTheStructure) {
  EXPECT_EQ(read("2x+1"), "((2 * x) + 1)");
  EXPECT_EQ(read(R"(2\frac{3}{4})"), "11/4");
  EXPECT_EQ(read(R"(\sin^2 x)"), "sin(x)^2");
  EXPECT_EQ(read(R"(\sin^{-1} x)"), "arcsin(x)");
  EXPECT_EQ(read("asin(x)"), "arcsin(x)");
  EXPECT_EQ(read("C(n,2)"), read(R"(\binom{n}{2})"));
  EXPECT_EQ(read(R"(2\sin 5x\cos x)"), "(2 * sin((5 * x)) * cos(x))");
  EXPECT_EQ(read(R"(\sqrt[3]{2})"), "2^1/3");
  EXPECT_EQ(read(R"(0.1\overline{6})"), "1/6");
  EXPECT_EQ(read(R"(1 \pm x)"), "list((1 + (1 * x)), (1 + (-1 * x)))");
  EXPECT_EQ(read(R"((1,2])"), "tuple(1, 2]");
  EXPECT_EQ(read(R"(\{1,2\})"), "set{1, 2}");
  EXPECT_EQ(read(R"(1 \le x < 2)"), "1 <= x < 2");
  EXPECT_EQ(read(R"(x_1 = 5\text{ cm})"), "x_1 = 5 [1/100 m^1]");
  EXPECT_EQ(read(R"(12_5)"), "12 = 7");
  EXPECT_EQ(read(R"(\text{Two lines.})"), "\"two lines\"");
  EXPECT_EQ(read(R"(\textbf{(B) }12)"), "choice B: 12");
  EXPECT_EQ(read(R"(f(x)=x)"), "f(x) = x");
}

TEST(Parse, RefusesWhatItCannotRead) {
  for (const char* text : {"", " ", "$", "1 2", "(1", "\\frac{1}", "1 +", "^2", "\\unknowncommand",
                           "1 \\quad 2", "\\pm", "5 \\text{ less } 3 +", "\\sqrt{(1,2)}"}) {
    EXPECT_EQ(read(text), "not readable") << text;
  }
}

TEST(Parse, BoundsDepthAndLength) {
  EXPECT_EQ(read(std::string(200, '(') + "1" + std::string(200, ')')), "not readable");
  EXPECT_EQ(read(std::string(kMaxAnswerBytes + 1, '1')), "not readable");
  EXPECT_NE(read(std::string(5, '(') + "1" + std::string(5, ')')), "not readable");
}

}  // namespace
}  // namespace deepscaler
