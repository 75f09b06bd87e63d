#include "generate/score_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "generate/generation_file.h"
#include "generate/tiny_generation_test.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

class ScoreFileTest : public testing::Test {
 protected:
  void generate(float temperature) {
    GenerationJob job = {.prompts = tiny_.prompts({"1 + 1", "1 + 2"}), .samples = 3};
    job.settings.options.sampling = {.temperature = temperature, .max_response_tokens = 12};
    GenerationFile(in_, std::move(job), tiny_.engine.generator(), tiny_.encoder).fill();
  }
  ScoreComparison score() { return score_file(tiny_.engine, {.input = in_, .output = out_, .model = "m"}); }
  std::string refusal(const std::string& lines) {
    write_file_atomically(in_, lines);
    try {
      (void)score();
    } catch (const Error& error) {
      EXPECT_FALSE(std::filesystem::exists(out_));
      return std::string(error.what()).substr(in_.string().size());
    }
    return "accepted";
  }

  TinyGeneration tiny_;
  const TemporaryFolder folder_;
  const std::filesystem::path in_ = folder_ / "in.jsonl", out_ = folder_ / "out.jsonl";
};

TEST_F(ScoreFileTest, RecordedLogProbabilitiesAreTheBitsOfTheScore) {
  for (const float temperature : {1.0f, 0.7f, 0.0f}) {
    generate(temperature);
    const ScoreComparison comparison = score();
    EXPECT_EQ(comparison.responses, 6);
    EXPECT_GT(comparison.tokens, 0);
    EXPECT_EQ(comparison.compared, comparison.tokens);
    EXPECT_EQ(comparison.different, 0) << temperature;
    EXPECT_EQ(comparison.largest_difference, 0);
    EXPECT_EQ(read_file(out_), read_file(in_));
  }
}

TEST_F(ScoreFileTest, TheMostLikelyTokensStandBesideEachToken) {
  generate(0.7f);
  (void)score_file(tiny_.engine, {.input = in_, .output = out_, .model = "m", .top_tokens = 3});
  const std::string text = read_file(out_);
  const auto line = ordered_json::parse(text.substr(0, text.find('\n')));
  const auto tokens = line[kTopTokenIds].get<std::vector<std::vector<int32_t>>>();
  const auto log_probs = line[kTopLogProbs].get<std::vector<std::vector<double>>>();
  ASSERT_EQ(tokens.size(), line["token_ids"].size());
  ASSERT_EQ(log_probs.size(), tokens.size());
  int found = 0;
  for (size_t t = 0; t < tokens.size(); ++t) {
    ASSERT_EQ(tokens[t].size(), 3u);
    EXPECT_TRUE(std::ranges::is_sorted(log_probs[t], std::greater()));
    for (size_t i = 0; i < 3; ++i) {
      if (tokens[t][i] != line["token_ids"][t]) continue;
      EXPECT_NEAR(log_probs[t][i], line["logprobs"][t], 1e-5) << "at the line's temperature";
      ++found;
    }
  }
  EXPECT_GT(found, 0);
  // They are the model's that has scored last.
  std::filesystem::rename(out_, in_);
  (void)score();
  EXPECT_EQ(read_file(out_).find(kTopTokenIds), std::string::npos);
}

TEST_F(ScoreFileTest, ADifferenceIsCountedAndTheLineTellsWhatComputed) {
  generate(1);
  TinyGeneration other(6);
  const ScoreComparison comparison = score_file(other.engine, {.input = in_, .output = out_, .model = "m"});
  EXPECT_GT(comparison.different, 0);
  EXPECT_GT(comparison.largest_difference, 0);
  const std::string text = read_file(out_);
  EXPECT_EQ(ordered_json::parse(text.substr(0, text.find('\n')))["model"], other.engine.model().hash());
}

TEST_F(ScoreFileTest, ALineNeedsItsTokensAlone) {
  write_file_atomically(in_,
                        "{\"token_ids\": [3, 4], \"prompt_token_ids\": [1, 2], \"note\": \"x\"}\n"
                        "{\"token_ids\": [], \"prompt_token_ids\": [1, 2], \"temperature\": 0.5}\n");
  const ScoreComparison comparison = score();
  EXPECT_EQ(comparison.responses, 2);
  EXPECT_EQ(comparison.tokens, 2);
  EXPECT_EQ(comparison.compared, 0);
  const std::string text = read_file(out_);
  const auto line = ordered_json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(line["note"], "x");
  EXPECT_EQ(line["temperature"], 1);
  EXPECT_EQ(line["logprobs"].size(), 2u);
}

TEST_F(ScoreFileTest, WhatCantBeScoredIsNamed) {
  EXPECT_EQ(refusal(""), ": has no lines; give at least one response");
  EXPECT_EQ(refusal("1\n"), ":1: is not an object; give lines as `generate` writes them");
  EXPECT_EQ(refusal("{\"prompt_token_ids\": [1]}\n"),
            ":1: \"token_ids\" is not a list of token numbers; give whole numbers from 0");
  EXPECT_EQ(refusal("{\"prompt_token_ids\": [], \"token_ids\": [1]}\n"),
            ":1: \"prompt_token_ids\" is empty; give at least one token");
  EXPECT_EQ(refusal("{\"prompt_token_ids\": [1], \"token_ids\": [257]}\n"),
            ":1: token 257 is not in the model's vocabulary; score it with the model that made it");
  const std::string tokens = ordered_json(std::vector<int>(256, 1)).dump();
  EXPECT_EQ(refusal("{\"prompt_token_ids\": [1], \"token_ids\": " + tokens + "}\n"),
            ":1: 257 tokens exceed the context of 256 by 1; score it with the model that made it");
  EXPECT_EQ(refusal("{\"prompt_token_ids\": [1], \"token_ids\": [1], \"temperature\": -1}\n"),
            ":1: \"temperature\" is not a number of 0 or more; correct it");
  EXPECT_EQ(refusal("{\"prompt_token_ids\": [1], \"token_ids\": [1], \"logprobs\": [1, 2]}\n"),
            ":1: \"logprobs\" does not have one number for each of \"token_ids\"; leave it out");
}

}  // namespace
}  // namespace deepscaler
