#include "text/tokenizer/split_pattern.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "text/tokenizer/pre_tokenizer.h"

namespace deepscaler {
namespace {

using Pieces = std::vector<std::string_view>;

// By PCRE2's categories and by our own: the same for text of old characters.
Pieces split(const SplitRule& rule, std::string_view text) {
  using Categories = SplitPattern::Categories;
  const SplitPattern pattern(rule, "t");
  Pieces pieces, own;
  pattern.split({text}, Categories::kOwn, own);
  if (SplitPattern::needs_own_categories(text)) return own;
  pattern.split({text}, Categories::kOfPcre2, pieces);
  EXPECT_EQ(pieces, own) << rule.pattern;
  return pieces;
}

TEST(SplitPattern, KeepsMatchesAndWhatLiesBetween) {
  EXPECT_EQ(split({.pattern = "b+"}, "abbcb"), (Pieces{"a", "bb", "c", "b"}));
  EXPECT_EQ(split({.pattern = "b+", .keep_matches = false}, "abbcb"), (Pieces{"a", "c"}));
  EXPECT_EQ(split({.pattern = "b+", .keep_between = false}, "abbcb"), (Pieces{"bb", "b"}));
  EXPECT_EQ(split({.pattern = "b+", .is_regex = false}, "abb+c"), (Pieces{"ab", "b+", "c"}));
  EXPECT_EQ(split({.pattern = "x*"}, "ab"), (Pieces{"ab"}));
  EXPECT_EQ(split({.pattern = "b"}, ""), Pieces{});
}

TEST(SplitPattern, WhiteSpaceIsTheUnicodeProperty) {
  EXPECT_EQ(split({.pattern = R"(\s+)"}, "a\u00a0\u2003b\u180ec"), (Pieces{"a", "\u00a0\u2003", "b\u180ec"}));
  EXPECT_EQ(split({.pattern = R"([^\s]+)"}, "b\u180ec\u3000"), (Pieces{"b\u180ec", "\u3000"}));
  EXPECT_EQ(split({.pattern = R"(\S+)"}, "b\u180ec\u0085"), (Pieces{"b\u180ec", "\u0085"}));
}

// Letters and digits that came with Unicode 15 and 16, and what no version has.
TEST(SplitPattern, CategoriesAreThoseOfUnicode16) {
  EXPECT_TRUE(SplitPattern::needs_own_categories("\U00031350"));   // CJK extension H, 15
  EXPECT_TRUE(SplitPattern::needs_own_categories("a\U00010d4a"));  // Garay, 16
  EXPECT_TRUE(SplitPattern::needs_own_categories("\U00040000"));   // not assigned
  EXPECT_FALSE(SplitPattern::needs_own_categories("caf\u00e9 \u4e2d\u6587 \U0001f600 \u0660"));
  const std::string text = "a\U00031350\U00010d4a1\U00010d40\U0001e4f0 \U00040000";
  EXPECT_EQ(split({.pattern = R"(\p{L}+)"}, text),
            (Pieces{"a\U00031350\U00010d4a", "1\U00010d40\U0001e4f0 \U00040000"}));
  EXPECT_EQ(split({.pattern = R"([\p{N}]+)"}, text),
            (Pieces{"a\U00031350\U00010d4a", "1\U00010d40\U0001e4f0", " \U00040000"}));
  EXPECT_EQ(split({.pattern = R"([^\s\p{L}\p{N}]+)"}, text),
            (Pieces{"a\U00031350\U00010d4a1\U00010d40\U0001e4f0 ", "\U00040000"}));
  EXPECT_EQ(split({.pattern = R"(\P{L}+)"}, text),
            (Pieces{"a\U00031350\U00010d4a", "1\U00010d40\U0001e4f0 \U00040000"}));
}

TEST(SplitPattern, WordsAreThoseOfTheReference) {
  EXPECT_EQ(split({.pattern = R"(\w+)"}, "a_1\u00b2\u24b6 \u00bd-\u2460"),
            (Pieces{"a_1\u00b2\u24b6", " ", "\u00bd", "-\u2460"}));
  EXPECT_EQ(split({.pattern = R"([\w-]+)"}, "a-b c"), (Pieces{"a-b", " ", "c"}));
}

TEST(SplitPattern, Gpt2Words) {
  const PreTokenizer words({SplitRule{.pattern = std::string(gpt2_pattern())}}, "t");
  EXPECT_EQ(words.split("I'll  pay\n\n$12 "), (Pieces{"I", "'ll", " ", " pay", "\n", "\n", "$", "12", " "}));
}

TEST(SplitPattern, WhatWouldBeReadDifferentlyIsRefused) {
  const auto error = [](const std::string& pattern) -> std::string {
    try {
      const SplitPattern compiled({.pattern = pattern}, "t");
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  };
  const std::string remedy = "; use a tokenizer of a model family this program knows";
  EXPECT_EQ(error(R"(\h+)"), R"(t: pattern '\h+' uses \h, which is not supported)" + remedy);
  EXPECT_EQ(error(R"([\S])"), R"(t: pattern '[\S]' uses \S in a class, which is not supported)" + remedy);
  EXPECT_EQ(error("[[:alpha:]]"),
            "t: pattern '[[:alpha:]]' uses a class in a class, which is not supported" + remedy);
  EXPECT_EQ(error("[a&&b]"), "t: pattern '[a&&b]' uses && in a class, which is not supported" + remedy);
  EXPECT_EQ(error("(a"), "t: pattern '(a' does not compile: missing closing parenthesis" + remedy);
}

TEST(SplitPattern, RunawayPatternsEndInAnError) {
  EXPECT_THROW(split({.pattern = "(a|aa|aaa)+b"}, std::string(80, 'a') + "cb"), Error);
}

}  // namespace
}  // namespace deepscaler
