// The sampler against transformers' own processors (tests/goldens/make_sampling_goldens.py).
#include "infer/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

using nlohmann::json;

struct Case {
  explicit Case(const json& j)
      : text(j["options"].dump()),
        prompt(j["prompt"]),
        response(j["response"]),
        logits(j["logits"]),
        probabilities(j["probabilities"]),
        log_probs(j["log_probs"]) {
    const json& o = j["options"];
    options.sampling.temperature = o.value("temperature", options.sampling.temperature);
    options.sampling.top_p = o.value("top_p", options.sampling.top_p);
    options.sampling.top_k = o.value("top_k", options.sampling.top_k);
    options.sampling.min_p = o.value("min_p", options.sampling.min_p);
    options.sampling.repetition_penalty = o.value("repetition_penalty", options.sampling.repetition_penalty);
    for (const auto& bias : o.value("logit_bias", json::array())) {
      options.logit_bias.push_back({bias[0].get<int32_t>(), bias[1].get<float>()});
    }
  }
  std::string text;
  GenerationOptions options;
  std::vector<int32_t> prompt, response;
  std::vector<float> logits;
  std::vector<double> probabilities, log_probs;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const json& j : read_json_file(std::filesystem::path(DEEPSCALER_GOLDENS) / "sampling.json")) {
    all.emplace_back(j);
  }
  return all;
}

// Each token owns one interval of `uniform`, as long as it is probable; a grid of n points meets it
// n p times, give or take one at either end.
TEST(Sampler, DrawsWhatTransformersDrawsUnderEveryOption) {
  constexpr int kGrid = 1 << 13;
  for (const Case& c : cases()) {
    std::vector<int> counts(c.logits.size());
    for (int i = 0; i < kGrid; ++i) {
      const auto sampled =
          draw_token(c.logits, c.options, {c.prompt, c.response}, static_cast<float>(i) / kGrid);
      ++counts[sampled.token];
      ASSERT_NEAR(sampled.log_prob, c.log_probs[sampled.token], 2e-6) << c.text;
    }
    for (size_t token = 0; token < counts.size(); ++token) {
      const double expected = c.probabilities[token] * kGrid;
      // Probabilities are sums of f32 exponentials: 1e-6 of the grid.
      EXPECT_NEAR(counts[token], expected, 1.04) << c.text << " token " << token;
      EXPECT_TRUE(expected > 0 || counts[token] == 0) << c.text << " token " << token;
    }
  }
}

TEST(Sampler, OptionsThatDropNothingDrawAsIfTheyWereNotThere) {
  const Case c = cases()[1];
  GenerationOptions all = c.options;
  all.sampling.top_k = std::ssize(c.logits) - 1;
  all.sampling.min_p = 1e-30f;
  GenerationOptions none = c.options;
  int differ = 0;
  for (int i = 0; i < 1000; ++i) {
    const float uniform = static_cast<float>(i) / 1000;
    differ += draw_token(c.logits, all, {}, uniform).token != draw_token(c.logits, none, {}, uniform).token;
  }
  EXPECT_LE(differ, 2);  // the least likely token is gone, and its neighbours' intervals move by as much
  EXPECT_TRUE(none.sampling.draws_from_the_model());
  EXPECT_FALSE(all.sampling.draws_from_the_model());
}

TEST(Sampler, LogitsThatAreNotFiniteGiveNoNumber) {
  std::vector<float> logits = {1, std::numeric_limits<float>::quiet_NaN(), 2};
  EXPECT_TRUE(std::isnan(draw_token(logits, {.sampling = {.top_p = 0.5f, .top_k = 2}}, {}, 0.5f).log_prob));
  logits[1] = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(std::isnan(draw_token(logits, {.sampling = {.top_k = 2}}, {}, 0.5f).log_prob));
}

TEST(Sampler, SettingsOutOfRangeAreNamed) {
  const auto message = [](const GenerationOptions& options) -> std::string {
    try {
      validate(options, 100);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(message({}), "");
  EXPECT_EQ(message({.sampling = {.temperature = -1}}),
            "temperature: is -1; give a value of 1e-6 or more, or 0 for the most likely token");
  EXPECT_EQ(message({.sampling = {.top_p = 0}}), "top_p: is 0; give a value above 0 and at most 1");
  EXPECT_EQ(message({.sampling = {.top_k = -2}}),
            "top_k: is -2; give a value of 1 or more, or 0 for all tokens");
  EXPECT_EQ(message({.sampling = {.min_p = 1}}), "min_p: is 1; give a value of 0 or more and below 1");
  EXPECT_EQ(message({.sampling = {.repetition_penalty = 0}}),
            "repetition_penalty: is 0; give a value above 0");
  EXPECT_EQ(message({.logit_bias = {{100, 1}}}),
            "logit_bias: token 100 is not in the model's vocabulary; give a token from 0 to 99");
  EXPECT_EQ(message({.logit_bias = {{1, INFINITY}}}), "logit_bias: is inf; give a value that is finite");
  EXPECT_EQ(message({.sampling = {.max_response_tokens = 0}}),
            "max_response_tokens: is 0; give a value of 1 or more");
}

// OpenAI's formula: logit[t] -= presence [c > 0] + c frequency, c counted in the response alone.
TEST(Sampler, PenaltiesCountWhatTheResponseHas) {
  const std::vector<float> logits = {2.0f, 1.9f, 1.0f, 0.5f};
  GenerationOptions options;
  options.sampling.temperature = 0;
  const std::vector<int32_t> prompt = {0, 0, 0}, response = {1, 0, 1};
  const auto likeliest = [&](float presence, float frequency) {
    options.presence_penalty = presence;
    options.frequency_penalty = frequency;
    return draw_token(logits, options, {prompt, response}, 0).token;
  };
  EXPECT_EQ(likeliest(0, 0), 0);
  EXPECT_EQ(likeliest(0.9f, 0), 0);      // 1.1, 1.0, 1.0, 0.5
  EXPECT_EQ(likeliest(1.2f, 0), 2);      // 0.8, 0.7, 1.0
  EXPECT_EQ(likeliest(0, -0.2f), 1);     // 2.2, 2.3
  EXPECT_EQ(likeliest(-0.5f, 0.3f), 0);  // 2.2, 1.8
  options.sampling.temperature = 1;
  EXPECT_EQ(draw_token(logits, options, {prompt, response}, 0).log_prob,
            rank_token(logits, draw_token(logits, options, {prompt, response}, 0).token, 0, 1).log_prob);
}

// The others have no part in any step, and the log-probability stays the model's.
TEST(Sampler, DrawsAmongTheAllowedTokensAlone) {
  const std::vector<float> logits = {5, 1, 4, 2, 1.5f};
  const std::vector<int32_t> allowed = {1, 3, 4};
  const std::vector<float> left = {1, 2, 1.5f};
  const std::vector<SamplingConfig> settings = {
      {.temperature = 0}, {}, {.top_p = 0.6f}, {.top_k = 2}, {.min_p = 0.5f}};
  for (const SamplingConfig& sampling : settings) {
    const GenerationOptions options = {.sampling = sampling};
    for (float uniform = 0; uniform < 1; uniform += 0x1p-6f) {
      const SampledToken sampled = draw_token(logits, options, {{}, {}, allowed}, uniform);
      EXPECT_EQ(sampled.token, allowed[draw_token(left, options, {}, uniform).token]);
      EXPECT_EQ(sampled.log_prob, rank_token(logits, sampled.token, 0, 1).log_prob);
    }
  }
  GenerationOptions biased = {.sampling = {.temperature = 0}, .logit_bias = {{0, 100}, {4, 1}}};
  EXPECT_EQ(draw_token(logits, biased, {{}, {}, allowed}, 0).token, 4);
}

TEST(Sampler, RanksTokensWithTheNumbersOfDraws) {
  const std::vector<float> logits = {1, 3, 2, 3};
  const TokenRanking ranking = rank_token(logits, 2, 3, 0.5f);
  ASSERT_EQ(ranking.top.size(), 3u);
  EXPECT_EQ(ranking.top[0].token, 1);  // of equal ones the lower number
  EXPECT_EQ(ranking.top[1].token, 3);
  EXPECT_EQ(ranking.top[2].token, 2);
  EXPECT_EQ(ranking.top[2].log_prob, ranking.log_prob);
  // log softmax of {2, 6, 4, 6}
  EXPECT_NEAR(ranking.log_prob, 4 - std::log(std::exp(2.0) + 2 * std::exp(6.0) + std::exp(4.0)), 1e-6);
  EXPECT_EQ(rank_token(logits, 2, 99, 1).top.size(), 4u);
}

}  // namespace
}  // namespace deepscaler
