// Promise 1: the log-probabilities recorded while sampling are, bit for bit, those that the training
// pass computes; for any batch, packing, thread count, instruction set and type of the products.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/parallel.h"
#include "infer/generator.h"
#include "ops/kernel_target.h"
#include "train/step.h"

namespace deepscaler {
namespace {

class OnPolicyTest : public testing::TestWithParam<std::tuple<std::string, std::string, std::string>> {
 protected:
  void SetUp() override { force_kernel_target(std::get<1>(GetParam())); }
  void TearDown() override {
    force_kernel_target("auto");
    set_thread_count(0);
  }
};

INSTANTIATE_TEST_SUITE_P(ModelsAndTargets, OnPolicyTest,
                         testing::Combine(testing::Values("llama", "llama3", "qwen2", "qwen3"),
                                          testing::ValuesIn(available_kernel_targets()),
                                          testing::Values("f32", "bf16")),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" + std::get<1>(info.param) + "_" +
                                  std::get<2>(info.param);
                         });

// Remembers what the training pass scores.
class Recorder : public TokenLoss {
 public:
  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                std::span<TokenDerivative> derivatives) override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      seen.emplace_back(tokens[i], scores[i].log_prob);
      derivatives[i].log_prob = 0.1f;
    }
  }
  std::vector<std::pair<PredictedToken, float>> seen;
};

TEST_P(OnPolicyTest, TrainingComputesTheRecordedBits) {
  Model model = Model::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / std::get<0>(GetParam()));
  model.compute_in(compute_type_from_name(std::get<2>(GetParam())));
  constexpr float kTemperature = 0.7f;
  for (int64_t batch : {1, 16}) {
    for (int threads : {1, 2}) {
      set_thread_count(threads);
      std::vector<GenerationRequest> requests;
      for (int64_t i = 0; i < (batch + 3) / 4; ++i) {
        GenerationRequest request{.samples = std::min<int64_t>(batch, 4), .stream = static_cast<uint64_t>(i)};
        for (int64_t t = 0; t < 30 + 3 * i; ++t)
          request.prompt.push_back(static_cast<int32_t>((11 * t + i) % 250 + 3));
        requests.push_back(std::move(request));
      }
      std::vector<std::vector<Generation>> generations;
      for (const auto& request : requests) generations.emplace_back(request.samples);
      Generator generator(model, 1 << 30);
      generator.generate(requests,
                         {.sampling = {.temperature = kTemperature, .max_response_tokens = 45}, .seed = 9},
                         [&](int64_t r, int64_t s, Generation&& g) { generations[r][s] = std::move(g); });

      set_thread_count(3 - threads);
      for (int64_t budget : {2048, 100}) {
        std::vector<TokenGroup> groups;
        for (size_t r = 0; r < requests.size(); ++r) {
          groups.push_back({requests[r].prompt, {}});
          for (const Generation& g : generations[r]) groups.back().responses.emplace_back(g.tokens);
        }
        TrainStep step(model, {.token_budget = budget});
        Recorder recorder;
        LmHead head(recorder, kTemperature);
        step.accumulate(groups, head);
        size_t expected_tokens = 0;
        for (const auto& group : generations) {
          for (const Generation& g : group) expected_tokens += g.tokens.size();
        }
        ASSERT_EQ(recorder.seen.size(), expected_tokens);
        for (const auto& [token, log_prob] : recorder.seen) {
          ASSERT_EQ(log_prob, generations[token.group][token.response].log_probs[token.token])
              << "batch " << batch << ", group " << token.group << ", token " << token.token;
        }
      }
    }
  }
}

// Groups of 1 to 64, memory so short that samples are preempted, one thread and two, plain sampling and
// every option: what `generate` records is what `score` computes.
TEST_P(OnPolicyTest, ScoringComputesTheRecordedBits) {
  Model model = Model::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / std::get<0>(GetParam()));
  model.compute_in(compute_type_from_name(std::get<2>(GetParam())));
  const GenerationOptions plain = {.sampling = {.temperature = 0.7f, .max_response_tokens = 40}, .seed = 9};
  const GenerationOptions every = {.sampling = {.temperature = 0.7f,
                                                .top_p = 0.9f,
                                                .top_k = 30,
                                                .min_p = 0.01f,
                                                .repetition_penalty = 1.3f,
                                                .max_response_tokens = 40},
                                   .logit_bias = {{5, 1.0f}, {2, -100.0f}},  // 2 ends a text
                                   .seed = 9};
  for (const int64_t group : {1, 2, 7, 64}) {
    for (const bool short_of_memory : {false, true}) {
      GenerationRequest request{.samples = group, .stream = 1};
      for (int32_t t = 0; t < 37; ++t) request.prompt.push_back((11 * t) % 250 + 3);
      std::vector<Generation> generations(static_cast<size_t>(group));
      Generator generator(model, short_of_memory ? 7 * kv_block_bytes(model) : 1 << 30);
      set_thread_count(short_of_memory ? 1 : 2);
      generator.generate(std::vector{request}, short_of_memory ? every : plain,
                         [&](int64_t, int64_t s, Generation&& g) { generations[s] = std::move(g); });
      if (short_of_memory && group >= 7) {
        EXPECT_GT(generator.preemptions(), 0);
      }
      set_thread_count(short_of_memory ? 2 : 1);
      TokenGroup tokens{request.prompt, {}};
      for (const Generation& g : generations) tokens.responses.emplace_back(g.tokens);
      TrainStep step(model, {.token_budget = 300});
      const auto scores = step.score(std::vector{tokens}, 0.7f)[0];
      for (size_t s = 0; s < generations.size(); ++s) {
        for (size_t t = 0; t < generations[s].tokens.size(); ++t) {
          ASSERT_EQ(scores[s][t].log_prob, generations[s].log_probs[t]) << group << ", " << s << ", " << t;
        }
      }
    }
  }
}

}  // namespace
}  // namespace deepscaler
