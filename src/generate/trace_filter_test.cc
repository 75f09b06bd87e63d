#include "generate/trace_filter.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

TraceCandidate right(std::string_view text) { return {.text = text, .tokens = 5, .correct = true}; }

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(TraceFilter, EachConditionIsAReason) {
  EXPECT_EQ(rejection({}, right("a"), 100), "");
  EXPECT_EQ(rejection({}, {.text = "a", .truncated = true, .correct = true}, 0), "truncated");
  EXPECT_EQ(rejection({}, {.text = "a"}, 0), "undecided");
  EXPECT_EQ(rejection({}, {.text = "a", .correct = false}, 0), "wrong");
  TraceCandidate rewarded = right("a");
  EXPECT_EQ(rejection({.least_reward = 0.5}, rewarded, 0), "low-reward");  // it has none
  rewarded.reward = 0.4;
  EXPECT_EQ(rejection({.least_reward = 0.5}, rewarded, 0), "low-reward");
  rewarded.reward = 0.5;
  EXPECT_EQ(rejection({.least_reward = 0.5}, rewarded, 0), "");
  EXPECT_EQ(rejection({.least_tokens = 5}, right("a"), 0), "");
  EXPECT_EQ(rejection({.least_tokens = 6}, right("a"), 0), "short");
  EXPECT_EQ(rejection({.most_tokens = 5}, right("a"), 0), "");
  EXPECT_EQ(rejection({.most_tokens = 4}, right("a"), 0), "long");
  EXPECT_EQ(rejection({.most_per_problem = 2}, right("a"), 1), "");
  EXPECT_EQ(rejection({.most_per_problem = 2}, right("a"), 2), "surplus");
}

TEST(TraceFilter, LooksAtTheText) {
  const std::string mixed = "one two three \xe5\x9b\x9b";
  EXPECT_EQ(rejection({.least_language = 0.75}, right(mixed), 0), "");
  EXPECT_EQ(rejection({.least_language = 0.8}, right(mixed), 0), "mixed-language");
  TraceCandidate chinese = right(mixed);
  chinese.language = Language::kChinese;
  EXPECT_EQ(rejection({.least_language = 0.3}, chinese, 0), "mixed-language");

  const std::string paragraphs = "one two three\nfour\n\nfive six";
  EXPECT_EQ(rejection({.longest_paragraph = 4}, right(paragraphs), 0), "");
  EXPECT_EQ(rejection({.longest_paragraph = 3}, right(paragraphs), 0), "long-paragraph");

  EXPECT_EQ(rejection({}, right("```python\n1\n```"), 0), "");
  EXPECT_EQ(rejection({.code_blocks = false}, right("```python\n1\n```"), 0), "code-block");
  EXPECT_EQ(rejection({.code_blocks = false}, right("`x`"), 0), "");

  std::string sentence;  // of 16 words
  for (int i = 0; i < 16; ++i) sentence += "w" + std::to_string(i) + " ";
  EXPECT_EQ(rejection({.most_repeats = 2}, right(repeated(sentence, 2)), 0), "");
  EXPECT_EQ(rejection({.most_repeats = 2}, right(repeated(sentence, 3)), 0), "repetition");
  EXPECT_EQ(rejection({.most_repeats = 1}, right("no no no no no no no no no no no no no no no"), 0), "");
}

TEST(TraceFilter, SaysWhatBecameOfAll) {
  EXPECT_EQ(describe_rejections(3, {}), "keeps 3 of 3 responses");
  EXPECT_EQ(describe_rejections(12, {{"truncated", 3}, {"wrong", 4}}),
            "keeps 5 of 12 responses: 3 truncated, 4 wrong");
}

}  // namespace
}  // namespace deepscaler
