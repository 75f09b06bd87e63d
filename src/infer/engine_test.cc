// Exactness of generation, on the tiny models of the goldens.
#include "infer/engine.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/kernel_target.h"

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

Generations run(const Model& model, const std::vector<GenerationRequest>& all, int64_t kv_bytes = 1 << 30) {
  Engine engine(model, kv_bytes);
  Generations result(all.size());
  for (size_t i = 0; i < all.size(); ++i) result[i].resize(all[i].samples);
  engine.generate(all, {.temperature = 0.8f, .max_new_tokens = 50, .seed = 3},
                  [&](int64_t r, int64_t s, Generation&& g) { result[r][s] = std::move(g); });
  return result;
}

void expect_same(const Generation& a, const Generation& b) {
  ASSERT_EQ(a.tokens, b.tokens);
  ASSERT_EQ(a.log_probs, b.log_probs);
  ASSERT_EQ(a.finish_reason, b.finish_reason);
}

class EngineTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { force_kernel_target(GetParam()); }
  void TearDown() override {
    force_kernel_target("auto");
    set_thread_count(0);
  }
};

INSTANTIATE_TEST_SUITE_P(Targets, EngineTest, testing::ValuesIn(available_kernel_targets()),
                         [](const auto& info) { return info.param; });

TEST_P(EngineTest, TokensDoNotDependOnWhatElseIsInTheBatch) {
  const Model model = tiny_model("llama");
  const auto all = requests(4, 4);
  const auto together = run(model, all);
  for (size_t i = 0; i < all.size(); ++i) {
    auto alone = all[i];
    alone.samples = 1;  // sample 0 of the group, by itself
    expect_same(run(model, {alone})[0][0], together[i][0]);
  }
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

TEST(Engine, SamplesDifferAndSeedsRepeat) {
  const Model model = tiny_model("llama");
  const auto a = run(model, requests(1, 2)), b = run(model, requests(1, 2));
  expect_same(a[0][0], b[0][0]);
  EXPECT_NE(a[0][0].tokens, a[0][1].tokens);
}

TEST(Engine, APromptThatCannotFitSaysByHowMuch) {
  const Model model = tiny_model("llama");
  Engine engine(model, 1 << 30);
  GenerationRequest request{.prompt = std::vector<int32_t>(500, 5)};
  try {
    engine.generate(std::vector{request}, {.max_new_tokens = 20}, [](int64_t, int64_t, Generation&&) {});
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
