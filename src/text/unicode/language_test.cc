#include "text/unicode/language.h"

#include <gtest/gtest.h>

#include <string>

namespace deepscaler {
namespace {

TEST(Language, CountsWordsByTheirScript) {
  EXPECT_EQ(language_share("First we add the numbers.", Language::kEnglish), 1);
  EXPECT_EQ(language_share("First we add the numbers.", Language::kChinese), 0);
  EXPECT_EQ(language_share("so 答案 is", Language::kEnglish), 0.5);  // two words and two characters
  EXPECT_EQ(language_share("so 答案 is", Language::kChinese), 0.5);
  EXPECT_EQ(language_share("これは本です", Language::kJapanese), 1);
  EXPECT_EQ(language_share("ответ три", Language::kRussian), 1);
  EXPECT_EQ(language_share("답은 삼 and", Language::kKorean), 2.0 / 3);
  EXPECT_EQ(language_share("χρόνος", Language::kGreek), 1);
  EXPECT_EQ(language_share("क्षेत्र", Language::kHindi), 1);
  EXPECT_EQ(language_share("հայերեն", Language::kEnglish), 0);  // a script without a language here
}

TEST(Language, FormulasAreInNoLanguage) {
  EXPECT_EQ(language_share("因此 $x + speed$ \\frac{1}{2} a = b", Language::kChinese), 1);
  EXPECT_EQ(language_share("1 + 2 = 3, x, \\times", Language::kEnglish), 1);
  EXPECT_EQ(language_share("", Language::kEnglish), 1);
}

TEST(Language, TakesAnyBytesAndLongTexts) {
  EXPECT_EQ(language_share("\xff\xfeword\xc3", Language::kEnglish), 1);
  std::string dollars;
  for (int i = 0; i < 200'001; ++i) dollars += "$a ";
  EXPECT_EQ(language_share(dollars, Language::kEnglish), 1);
  EXPECT_EQ(language_share(std::string(3'000'000, 'x'), Language::kEnglish), 1);
}

}  // namespace
}  // namespace deepscaler
