#include "corpus/match/overlap_rule.h"

#include <gtest/gtest.h>

#include "corpus/match/minhash.h"
#include "corpus/match/ngrams.h"

// The references were worked out in Python with datatrove's, s1's and Tulu 3's formulas.

namespace deepscaler {
namespace {

const std::string kTest =
    "Find the   number of\nordered pairs (a, b) of positive integers such that a + b = 10.";
const std::string kTrain =
    "How many? Find the number of ordered pairs (a, b) of POSITIVE integers such that ab = 24.";

std::vector<OverlapMatch> matches(const char* rule, const std::string& test, const std::string& train) {
  return make_overlap_rule(rule, {&test, 1})->matches(train);
}

TEST(NormalForm, Forms) {
  EXPECT_EQ(lower_words(" A  b\n+C. "), (Words{"a", "b", "+c."}));
  EXPECT_EQ(plain_words("A+b, é1"), (Words{"a", "b", "é1"}));
  EXPECT_EQ(letters_and_digits("$A_ {12}$, é"), "a12");
  EXPECT_EQ(bare_form("Let $a_ {83}$ be \\left( \\dfrac{1}{2} \\right)."),
            bare_form("let a_{83} be (\\frac 12)"));
  EXPECT_NE(bare_form("$3-2$"), bare_form("$3+2$"));
  EXPECT_NE(bare_form("3.5"), bare_form("35"));
  EXPECT_EQ(bare_form("20\\%"), "20%");
  EXPECT_EQ(numberless_form("Add 1,200.5 and $x_{12}$."), "add#andx_#");
}

TEST(Ngrams, SharedRunsCoverageAndSubsequence) {
  NgramIndex index(8);
  index.add(lower_words(kTest));
  index.add(lower_words("too short"));
  EXPECT_EQ(index.too_short(), 1);
  const auto hits = index.hits(lower_words(kTrain));
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].run, "find the number of ordered pairs (a, b)");
  EXPECT_DOUBLE_EQ(hits[0].share, 0.7222222222222222);
  EXPECT_EQ(longest_common_subsequence(plain_words(kTest), plain_words(kTrain)), 13);
  EXPECT_EQ(plain_words(kTest).size(), 16u);
  EXPECT_EQ(longest_common_subsequence({}, {"a"}), 0);
}

TEST(Minhash, HashesOfNumpyAndSha1) {
  const auto a =
      shingles(lower_words("let a b c be positive real numbers such that a plus b plus c equals one find the "
                           "minimum of a squared plus b "
                           "squared plus c squared"));
  const auto b =
      shingles(lower_words("let a b c be positive real numbers such that a plus b plus c equals one find the "
                           "maximum of a squared plus b "
                           "squared plus c squared"));
  EXPECT_DOUBLE_EQ(jaccard(a, b), 0.6666666666666666);
  const Signature signature = minhash(a), other = minhash(b);
  EXPECT_EQ(signature[0], 133656860581968212u);
  EXPECT_EQ(signature[1], 93918338895295749u);
  EXPECT_EQ(signature[2], 106993403675950749u);
  EXPECT_EQ(signature[3], 8359200377300579u);
  int equal = 0;
  for (size_t i = 0; i < signature.size(); ++i) equal += signature[i] == other[i] ? 1 : 0;
  EXPECT_EQ(equal, 84);  // 0.75 of 112
  EXPECT_EQ(band_hashes(signature), band_hashes(minhash(a)));
  EXPECT_EQ(shingles({"one", "two"}), std::vector<std::string>{"one two"});
  EXPECT_TRUE(shingles({}).empty());
}

TEST(OverlapRule, WhatEachTakesForACopy) {
  const std::string copy = "find the number of ordered pairs $(a,b)$ of positive integers such that $a+b=10$";
  const std::string numbers =
      "Find the number of ordered pairs (a, b) of positive integers such that a + b = 12.";
  for (const char* rule : {"exact", "letters", "changed-numbers"}) {
    EXPECT_EQ(matches(rule, kTest, copy).size(), 1u) << rule;
    EXPECT_TRUE(matches(rule, kTest, kTrain).empty()) << rule;
  }
  EXPECT_TRUE(matches("exact", kTest, numbers).empty());
  EXPECT_EQ(matches("changed-numbers", kTest, numbers).size(), 1u);
  EXPECT_TRUE(matches("changed-numbers", "What is 1 + 2?", "What is 3 + 4?").empty());
  for (const char* rule : {"ngram-8", "ngram-10", "ngram-13", "coverage", "ngram-lcs"}) {
    EXPECT_EQ(matches(rule, kTest, kTrain).size(), 1u) << rule;
    EXPECT_TRUE(matches(rule, kTest, "Find the number of apples.").empty()) << rule;
    EXPECT_EQ(make_overlap_rule(rule, std::vector<std::string>{kTest, "What is 1 + 2?"})->never_matched(), 1);
  }
  EXPECT_DOUBLE_EQ(matches("ngram-lcs", kTest, kTrain)[0].score, 0.8125);
  const std::string boilerplate =
      kTest +
      " Then write the answer of this long problem as a fraction in lowest terms, and "
      "add its numerator and its denominator to get the integer that is asked for.";
  EXPECT_TRUE(matches("coverage", boilerplate, kTrain).empty());
}

}  // namespace
}  // namespace deepscaler
