// Exactness of generation, on the tiny models of the goldens.
#include "infer/generator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>

#include "base/error.h"
#include "base/parallel.h"
#include "comm/thread_ranks.h"
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

class GeneratorTest : public KernelTargetTest {};

DEEPSCALER_ON_ALL_KERNEL_TARGETS(GeneratorTest);

TEST(GeneratorOnRanks, EachGetsAllSamples) {
  const Model model = tiny_model("llama");
  auto all = requests(3, 3);
  all[1].sample_numbers = {7, 2, 5};
  const auto alone = run(model, all, 1 << 30, kEveryOption);
  for (const int64_t size : {2, 4}) {
    run_on_ranks(size, [&] {
      const auto dealt = run(model, all, 1 << 30, kEveryOption);
      for (size_t r = 0; r < all.size(); ++r) {
        for (size_t s = 0; s < 3; ++s) expect_same(dealt[r][s], alone[r][s]);
      }
    });
  }
}

TEST_P(GeneratorTest, TokensDoNotDependOnWhatElseIsInTheBatch) {
  const Model model = tiny_model("llama");
  const auto all = requests(4, 4);
  for (const GenerationOptions& options : {kPlain, kEveryOption}) {
    const auto together = run(model, all, 1 << 30, options);
    Generator short_of(model, 6 * kv_block_bytes(model));
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
TEST_P(GeneratorTest, TokensDoNotDependOnASharedPrefix) {
  const Model model = tiny_model("qwen2");
  for (const int64_t shared : {1, 31, 32, 45}) {
    auto all = requests(4, 3);
    for (auto& request : all) {
      for (int64_t t = 0; t < shared; ++t) {
        request.prompt.insert(request.prompt.begin() + t, static_cast<int32_t>(200 - t));
      }
    }
    const auto together = run(model, all);
    Generator short_of(model, 7 * kv_block_bytes(model));
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

// Requests with options of their own come and are cancelled between passes, with little memory, beginnings in
// common and prompts that go on from an answer: what is finished has the bits of a run alone, and what was
// cancelled had the first of them.
TEST_P(GeneratorTest, TokensDoNotDependOnArrivalsAndCancellations) {
  const Model model = tiny_model("llama");
  for (unsigned seed = 0; seed < 6; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](size_t limit) { return random() % limit; };
    struct Asked {
      GenerationRequest request;
      GenerationOptions options;
      std::vector<Generation> samples;
      int64_t finished = 0;
      bool cancelled = false;
    };
    std::vector<Asked> all;
    Generator generator(model, static_cast<int64_t>(9 + below(12)) * kv_block_bytes(model));
    const auto arrive = [&] {
      Asked asked = {.request = {.samples = static_cast<int64_t>(1 + below(3)), .stream = below(1000)},
                     .options = below(2) == 0 ? kPlain : kEveryOption};
      asked.options.sampling.max_response_tokens = static_cast<int64_t>(1 + below(60));
      asked.options.sampling.temperature = below(3) == 0 ? 0.0f : 1.1f;
      asked.options.seed = below(5);
      asked.request.keep_responses = below(2) == 0;
      if (!all.empty() && below(2) == 0) {
        const Asked& before = all[below(all.size())];
        asked.request.prompt = before.request.prompt;
        const auto& answer = before.samples[0].tokens;
        asked.request.prompt.insert(asked.request.prompt.end(), answer.begin(), answer.end());
        asked.request.prompt.resize(std::min<size_t>(asked.request.prompt.size(), 90));
      }
      for (size_t t = 0, count = 1 + below(40); t < count; ++t) {
        asked.request.prompt.push_back(static_cast<int32_t>(3 + (7 * t + 11 * below(2)) % 250));
      }
      asked.samples.resize(asked.request.samples);
      EXPECT_EQ(generator.add(asked.request, asked.options), std::ssize(all));
      all.push_back(std::move(asked));
    };
    const auto step = [&] {
      Generator::Step step = generator.step();
      for (const auto& drawn : step.tokens) {
        Generation& sample = all[drawn.request].samples[drawn.sample];
        sample.tokens.push_back(drawn.token);
        sample.log_probs.push_back(drawn.log_prob);
      }
      for (const auto& done : step.finished) {
        Asked& asked = all[done.request];
        EXPECT_EQ(asked.samples[done.sample].tokens, done.generation.tokens);
        asked.samples[done.sample].finish_reason = done.generation.finish_reason;
        ++asked.finished;
      }
    };
    for (int event = 0; event < 120; ++event) {
      if (below(6) == 0) arrive();
      if (below(25) == 0 && !all.empty()) {
        Asked& asked = all[below(all.size())];
        generator.cancel(&asked - all.data());
        asked.cancelled = asked.finished < asked.request.samples;
      }
      step();
    }
    while (!generator.idle()) step();
    EXPECT_GT(generator.reused_tokens(), 0);
    for (const Asked& asked : all) {
      if (!asked.cancelled) {
        EXPECT_EQ(asked.finished, asked.request.samples);
      }
      const auto alone = run(model, {asked.request}, 1 << 30, asked.options)[0];
      for (size_t s = 0; s < alone.size(); ++s) {
        Generation got = asked.samples[s], expected = alone[s];
        if (asked.cancelled) {
          ASSERT_LE(got.tokens.size(), expected.tokens.size());
          expected.tokens.resize(got.tokens.size());
          expected.log_probs.resize(got.tokens.size());
          got.finish_reason = expected.finish_reason;
        }
        expect_same(got, expected);
      }
    }
  }
}

// Longer than what a pass reads of prompts.
TEST_P(GeneratorTest, TokensDoNotDependOnAPromptsPieces) {
  ModelConfig config = tiny_model("llama").config();
  config.context = 4096;
  Model model(config);
  randomize(model, 5, 0.3f);
  auto all = requests(3, 2);
  all[1].prompt.clear();
  for (int t = 0; t < 2500; ++t) all[1].prompt.push_back(3 + (13 * t + t / 7) % 250);
  const GenerationOptions options = {.sampling = {.max_response_tokens = 12}, .seed = 1};
  const auto together = run(model, all, 1 << 30, options);
  // Its responses follow one computed as a single span of rows would be: pieces of another size.
  auto split = all;
  split[0].prompt.assign(all[1].prompt.begin(), all[1].prompt.begin() + 777);
  split[0].prompt.push_back(9);
  const auto after_a_part = run(model, split, 1 << 30, options);
  for (size_t s = 0; s < 2; ++s) expect_same(together[1][s], after_a_part[1][s]);
}

TEST(Generator, ARefusedRequestLeavesTheOthersAlone) {
  const Model model = tiny_model("llama");
  const auto all = requests(2, 1);
  const auto expected = run(model, all);
  Generator generator(model, 1 << 24);
  std::map<int64_t, Generation> done;
  generator.add(all[0], kPlain);
  EXPECT_THROW(generator.add({.prompt = {}}, kPlain), Error);
  EXPECT_THROW(generator.add({.prompt = {1, 100000}}, kPlain), Error);
  EXPECT_THROW(generator.add(all[1], {.sampling = {.top_p = 2}}), Error);
  (void)generator.step();
  generator.add(all[1], kPlain);
  while (!generator.idle()) {
    for (auto& finished : generator.step().finished) done[finished.request] = std::move(finished.generation);
  }
  expect_same(done.at(0), expected[0][0]);
  expect_same(done.at(1), expected[1][0]);
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
    if (p.name == "model.norm.weight") model.edit_weights()[p.offset] = NAN;
  }
  EXPECT_THROW(run(model, requests(1, 1)), Error);
}

TEST_P(GeneratorTest, TokensDoNotDependOnThreadsOrMemory) {
  const Model model = tiny_model("qwen3");
  const auto all = requests(4, 4);
  set_thread_count(1);
  const auto expected = run(model, all);
  set_thread_count(2);
  const auto threads = run(model, all);
  const auto short_of_memory = run(model, all, 6 * kv_block_bytes(model));
  for (size_t r = 0; r < all.size(); ++r) {
    for (size_t s = 0; s < 4; ++s) {
      expect_same(threads[r][s], expected[r][s]);
      expect_same(short_of_memory[r][s], expected[r][s]);
    }
  }
}

// Argmax continuations of 64 tokens, from transformers in float64
// (tests/goldens/make_model_goldens.py).
TEST_P(GeneratorTest, GreedyContinuationsAreThoseOfTransformers) {
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
