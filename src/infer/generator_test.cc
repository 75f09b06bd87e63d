// Exactness of generation, on the tiny models of the goldens.
#include "infer/generator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/parallel.h"
#include "formats/safetensors.h"
#include "infer/stop_strings.h"
#include "ops/kernel_target_test.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

Model tiny_model(const std::string& name) {
  return Model::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / name);
}

std::vector<GenerationRequest> requests(int64_t count, int64_t samples) {
  std::vector<GenerationRequest> all;
  for (int64_t i = 0; i < count; ++i) {
    GenerationRequest request{.samples = samples, .stream = static_cast<uint64_t>(100 + i)};
    for (int64_t t = 0; t < 3 + 11 * i; ++t)
      request.prompt.push_back(static_cast<int32_t>((7 * i + 5 * t) % 250 + 3));
    all.push_back(std::move(request));
  }
  return all;
}

using Generations = std::vector<std::vector<Generation>>;

const GenerationOptions kPlain = {.sampling = {.temperature = 0.8f, .max_response_tokens = 50}, .seed = 3};
const GenerationOptions kEveryOption = {.sampling = {.temperature = 0.8f,
                                                     .top_p = 0.9f,
                                                     .top_k = 40,
                                                     .min_p = 0.01f,
                                                     .repetition_penalty = 1.2f,
                                                     .max_response_tokens = 50},
                                        .logit_bias = {{7, 1.5f}},
                                        .seed = 3};

Generations run(Generator& generator, const std::vector<GenerationRequest>& all,
                const GenerationOptions& options) {
  Generations result(all.size());
  for (size_t i = 0; i < all.size(); ++i) result[i].resize(all[i].samples);
  generator.generate(all, options,
                     [&](int64_t r, int64_t s, Generation&& g) { result[r][s] = std::move(g); });
  return result;
}

Generations run(const Model& model, const std::vector<GenerationRequest>& all, int64_t kv_bytes = 1 << 30,
                const GenerationOptions& options = kPlain) {
  Generator generator(model, kv_bytes);
  return run(generator, all, options);
}

void expect_same(const Generation& a, const Generation& b) {
  ASSERT_EQ(a.tokens, b.tokens);
  ASSERT_EQ(a.log_probs, b.log_probs);
  ASSERT_EQ(a.finish_reason, b.finish_reason);
}

class EngineTest : public KernelTargetTest {};

DEEPSCALER_ON_ALL_KERNEL_TARGETS(EngineTest);

TEST_P(EngineTest, TokensDoNotDependOnWhatElseIsInTheBatch) {
  const Model model = tiny_model("llama");
  const auto all = requests(4, 4);
  for (const GenerationOptions& options : {kPlain, kEveryOption}) {
    const auto together = run(model, all, 1 << 30, options);
    Generator short_of(model, 6 * KvCache::block_bytes(model.config()));
    const auto short_of_memory = run(short_of, all, options);
    EXPECT_GT(short_of.preemptions(), 0);
    for (size_t i = 0; i < all.size(); ++i) {
      auto alone = all[i];
      alone.samples = 1;  // sample 0 of the group, by itself
      expect_same(run(model, {alone}, 1 << 30, options)[0][0], together[i][0]);
      expect_same(short_of_memory[i][3], together[i][3]);
    }
  }
}

// Prompts that begin alike share those rows; alone, a request has nothing to share.
TEST_P(EngineTest, TokensDoNotDependOnASharedPrefix) {
  const Model model = tiny_model("qwen2");
  for (const int64_t shared : {1, 31, 32, 45}) {
    auto all = requests(4, 3);
    for (auto& request : all) {
      for (int64_t t = 0; t < shared; ++t) {
        request.prompt.insert(request.prompt.begin() + t, static_cast<int32_t>(200 - t));
      }
    }
    const auto together = run(model, all);
    Generator short_of(model, 7 * KvCache::block_bytes(model.config()));
    const auto short_of_memory = run(short_of, all, kPlain);
    EXPECT_GT(short_of.preemptions(), 0);
    for (size_t i = 0; i < all.size(); ++i) {
      const auto alone = run(model, {all[i]})[0];
      for (size_t s = 0; s < alone.size(); ++s) {
        expect_same(alone[s], together[i][s]);
        expect_same(alone[s], short_of_memory[i][s]);
      }
    }
  }
}

TEST(Generator, AStopStringEndsAResponseWhereItIsComplete) {
  const Model model = tiny_model("llama");
  const Tokenizer tokenizer = byte_tokenizer();
  const auto free = run(model, requests(1, 1))[0][0];
  ASSERT_GT(free.tokens.size(), 6u);
  const std::string text = tokenizer.decode(std::span(free.tokens).subspan(4, 2));
  const StopStrings stop(tokenizer, {text});
  GenerationOptions options = kPlain;
  options.stop = &stop;
  const auto stopped = run(model, requests(1, 1), 1 << 30, options)[0][0];
  EXPECT_EQ(stopped.finish_reason, FinishReason::kStop);
  EXPECT_EQ(stopped.tokens, std::vector<int32_t>(free.tokens.begin(), free.tokens.begin() + 6));
}

TEST(Generator, OptionsOutOfRangeAreRefused) {
  const Model model = tiny_model("llama");
  EXPECT_THROW(run(model, requests(1, 1), 1 << 30, {.sampling = {.top_p = 2}}), Error);
  EXPECT_THROW(run(model, requests(1, 1), 1 << 30, {.logit_bias = {{263, 1}}}), Error);
}

TEST(Generator, AModelThatDivergedIsAnError) {
  Model model = tiny_model("llama");
  for (const auto& p : model.table().all()) {
    if (p.name == "model.norm.weight") model.weights()[p.offset] = NAN;
  }
  EXPECT_THROW(run(model, requests(1, 1)), Error);
}

TEST_P(EngineTest, TokensDoNotDependOnThreadsOrMemory) {
  const Model model = tiny_model("qwen3");
  const auto all = requests(4, 4);
  set_thread_count(1);
  const auto expected = run(model, all);
  set_thread_count(2);
  const auto threads = run(model, all);
  const auto short_of_memory = run(model, all, 6 * KvCache::block_bytes(model.config()));
  for (size_t r = 0; r < all.size(); ++r) {
    for (size_t s = 0; s < 4; ++s) {
      expect_same(threads[r][s], expected[r][s]);
      expect_same(short_of_memory[r][s], expected[r][s]);
    }
  }
}

// Argmax continuations of 64 tokens, from transformers in float64
// (tests/goldens/make_model_goldens.py).
TEST_P(EngineTest, GreedyContinuationsAreThoseOfTransformers) {
  for (const char* name : {"llama", "llama3", "qwen2", "qwen3"}) {
    const SafetensorsFile goldens(std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / name /
                                  "goldens.safetensors");
    const auto tokens_of = [&](const char* tensor) {
      const StoredTensor* stored = goldens.tensors().find(tensor);
      std::vector<float> values(stored->bytes.size() / sizeof(float));
      std::memcpy(values.data(), stored->bytes.data(), stored->bytes.size());
      return std::vector<int32_t>(values.begin(), values.end());
    };
    const auto expected = tokens_of("greedy");
    ASSERT_EQ(expected.size(), 64u);
    const Model model = tiny_model(name);
    const std::vector<GenerationRequest> request = {{.prompt = tokens_of("prompt")}};
    const GenerationOptions greedy = {.sampling = {.temperature = 0, .max_response_tokens = 64},
                                      .ignore_eos = true};
    const Generation generation = run(model, request, 1 << 30, greedy)[0][0];
    EXPECT_EQ(generation.tokens, expected) << name;
  }
}

TEST(Generator, SamplesDifferAndSeedsRepeat) {
  const Model model = tiny_model("llama");
  const auto a = run(model, requests(1, 2)), b = run(model, requests(1, 2));
  expect_same(a[0][0], b[0][0]);
  EXPECT_NE(a[0][0].tokens, a[0][1].tokens);
}

TEST(Generator, APromptThatCannotFitSaysByHowMuch) {
  const Model model = tiny_model("llama");
  Generator generator(model, 1 << 30);
  GenerationRequest request{.prompt = std::vector<int32_t>(500, 5)};
  try {
    generator.generate(std::vector{request}, {.sampling = {.max_response_tokens = 20}},
                       [](int64_t, int64_t, Generation&&) {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "request 0: a prompt of 500 tokens and 20 new ones exceed the context of 512 by 8; shorten the "
        "prompt or allow fewer new tokens");
  }
}

}  // namespace
}  // namespace deepscaler
