#include "text/tokenizer/split_pattern.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "text/tokenizer/pre_tokenizer.h"

namespace deepscaler {
namespace {

using Pieces = std::vector<std::string_view>;

Pieces split(const SplitRule& rule, std::string_view text) {
  Pieces pieces;
  SplitPattern(rule, "t").split({text}, pieces);
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
  EXPECT_EQ(error(R"(\w+)"), R"(t: pattern '\w+' uses \w, which is not supported)" + remedy);
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
