// SmolLM2-135M-Instruct against transformers (tests/goldens/make_smollm2_goldens.py), for who has the model:
// the file that DEEPSCALER_SMOLLM2 names, or what `deepscaler fetch` left in its cache.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "data/prompt_encoder.h"
#include "fetch/repository.h"
#include "fetch/wheel.h"
#include "formats/json_text.h"
#include "infer/generator.h"
#include "ops/kernel_target.h"
#include "text/tokenizer/tokenizer.h"
#include "train/step.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kRepository = "HuggingFaceTB/SmolLM2-135M-Instruct";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

fs::path model_path() {
  if (const std::string named = environment("DEEPSCALER_SMOLLM2"); !named.empty()) return named;
  const std::string cache = environment("DEEPSCALER_CACHE");
  return cached_repository(
             cache.empty() ? fs::path(environment("HOME")) / ".cache" / "deepscaler" : fs::path(cache),
             kRepository) /
         fs::path(find_wheel_model(kRepository)->files[0].member).filename();
}

std::vector<TokenId> ids(const json& list) { return list.get<std::vector<TokenId>>(); }

class SmolLm2 : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    goldens_ = read_json_file(fs::path(DEEPSCALER_GOLDENS) / "smollm2.json");
    if (!fs::exists(model_path())) return;
    ASSERT_EQ(sha256_of_file(model_path()), goldens_["sha256"].get<std::string>())
        << model_path() << " is not the file that the goldens are of";
    tokenizer_ = std::make_unique<Tokenizer>(Tokenizer::load(model_path()));
    model_ = std::make_unique<Model>(Model::load(model_path()));
  }
  static void TearDownTestSuite() {
    tokenizer_.reset();
    model_.reset();
  }
  void SetUp() override {
    if (!fs::exists(model_path())) {
      GTEST_SKIP() << "no model at " << model_path() << "; get it with `build/deepscaler fetch "
                   << kRepository << "`, or name its GGUF file in DEEPSCALER_SMOLLM2";
    }
    ASSERT_TRUE(model_);
    force_kernel_target(GetParam());
  }
  void TearDown() override { force_kernel_target("auto"); }

  static inline json goldens_;
  static inline std::unique_ptr<Tokenizer> tokenizer_;
  static inline std::unique_ptr<Model> model_;
};

INSTANTIATE_TEST_SUITE_P(Targets, SmolLm2, testing::ValuesIn(available_kernel_targets()),
                         [](const auto& info) { return info.param; });

TEST_P(SmolLm2, PromptsHaveTheTextAndTokensOfTheReference) {
  const PromptEncoder encoder(*tokenizer_, {});
  for (const json& golden : goldens_["cases"]) {
    const auto expected = ids(golden["prompt"]);
    EXPECT_EQ(tokenizer_->encode(golden["text"].get<std::string>()), expected) << golden["name"];
    EXPECT_EQ(tokenizer_->decode(expected), golden["text"].get<std::string>());
    if (!golden.contains("messages")) continue;
    EXPECT_EQ(encoder.encode_messages(nlohmann::ordered_json(golden["messages"])).tokens, expected)
        << golden["name"];
  }
}

// Computed as training computes them. Transformers' own distance from float64 is in the goldens.
TEST_P(SmolLm2, LogProbabilitiesAreThoseOfTransformers) {
  TrainStep step(*model_, {});
  float largest = 0;
  for (const json& golden : goldens_["cases"]) {
    const auto prompt = ids(golden["prompt"]);
    const auto continuation = ids(golden["continuation"]), greedy = ids(golden["greedy"]);
    const auto scores = step.score(std::vector{TokenGroup{prompt, {continuation, greedy}}}, 1)[0];
    for (const auto& [response, key] : {std::pair{0, "logprobs"}, {1, "greedy_logprobs"}}) {
      const auto expected = golden[key].get<std::vector<float>>();
      ASSERT_EQ(scores[response].size(), expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        const float difference = std::abs(scores[response][i].log_prob - expected[i]);
        EXPECT_LT(difference, 2e-4f) << golden["name"] << ", " << key << " " << i;
        largest = std::max(largest, difference);
      }
    }
  }
  RecordProperty("largest_difference", std::to_string(largest));
}

TEST_P(SmolLm2, GreedyContinuationsAreThoseOfTransformers) {
  std::vector<GenerationRequest> requests;
  for (const json& golden : goldens_["cases"]) requests.push_back({.prompt = ids(golden["prompt"])});
  std::vector<std::vector<TokenId>> continuations(requests.size());
  Generator generator(*model_, int64_t{1} << 30);
  generator.generate(
      requests, {.sampling = {.temperature = 0, .max_response_tokens = 64}, .ignore_eos = true},
      [&](int64_t r, int64_t, Generation&& generation) { continuations[r] = std::move(generation.tokens); });
  for (size_t i = 0; i < continuations.size(); ++i) {
    const json& golden = goldens_["cases"][i];
    ASSERT_EQ(golden["greedy"].size(), 64u);
    EXPECT_EQ(continuations[i], ids(golden["greedy"])) << golden["name"];
  }
}

}  // namespace
}  // namespace deepscaler
