// Parity with PyTorch: log-probabilities, every gradient and AdamW steps of tiny random models, against
// goldens made by tests/goldens/make_model_goldens.py in float64.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/parallel.h"
#include "model/model.h"
#include "train/optimizers/adamw.h"
#include "train/parity_test.h"
#include "train/step.h"

namespace deepscaler {
namespace {

const std::filesystem::path kModels = std::filesystem::path(DEEPSCALER_GOLDENS) / "models";

class ParityTest : public testing::TestWithParam<std::string> {
 protected:
  ParityTest()
      : goldens_(kModels / GetParam()), batch_(goldens_), model_(Model::load(kModels / GetParam())) {}
  void ten_steps(Recompute recompute, const std::vector<TokenGroup>& groups);

  Goldens goldens_;
  GoldenBatch batch_;
  Model model_;
};

INSTANTIATE_TEST_SUITE_P(Models, ParityTest, testing::Values("llama", "llama3", "qwen2", "qwen3"),
                         [](const auto& info) { return info.param; });

TEST_P(ParityTest, LogProbabilitiesAndEntropies) {
  for (const char* temperature : {"1.0", "0.6"}) {
    TrainStep step(model_, {});
    const auto scores = step.score(std::vector{batch_.shared()}, std::stof(temperature))[0];
    const auto log_probs = goldens_.floats(std::string("logprobs.temperature_") + temperature);
    const auto entropies = goldens_.floats(std::string("entropies.temperature_") + temperature);
    for (size_t r = 0; r < scores.size(); ++r) {
      for (size_t t = 0; t < scores[r].size(); ++t) {
        // f32 rounding; torch's own f32 run differs from float64 by about as much.
        EXPECT_NEAR(scores[r][t].log_prob, log_probs[r * batch_.stride + t], 2e-5) << r << "," << t;
        EXPECT_NEAR(scores[r][t].entropy, entropies[r * batch_.stride + t], 2e-5) << r << "," << t;
      }
    }
  }
}

TEST_P(ParityTest, EveryGradientWithASharedPromptAndWrittenOut) {
  for (const bool shared : {true, false}) {
    std::vector<std::vector<float>> gradients;
    for (const Recompute recompute : {Recompute::kNone, Recompute::kLayer}) {
      TrainStep step(model_, {.recompute = recompute});
      GoldenLoss loss(goldens_, batch_, 1);
      LmHead head(loss, 0.6f);
      step.accumulate(shared ? std::vector{batch_.shared()} : batch_.written_out(), head);
      EXPECT_NEAR(loss.value, goldens_.floats("loss")[0], 1e-4);
      for (const ParameterInfo& info : model_.table().all()) {
        const auto gradient = rows_of(info, step.gradients().data());
        EXPECT_LT(relative_error(gradient, goldens_.floats("gradient." + info.name)), 1e-4) << info.name;
      }
      gradients.emplace_back(step.gradients().begin(), step.gradients().end());
    }
    EXPECT_EQ(gradients[0], gradients[1]) << "bits with and without recomputation";
  }
}

TEST_P(ParityTest, TenAdamWStepsWithClipping) { ten_steps(Recompute::kNone, {batch_.shared()}); }
TEST_P(ParityTest, TenAdamWStepsWithRecomputation) { ten_steps(Recompute::kLayer, {batch_.shared()}); }
TEST_P(ParityTest, TenAdamWStepsOfAGroupWrittenOut) { ten_steps(Recompute::kNone, batch_.written_out()); }

void ParityTest::ten_steps(Recompute recompute, const std::vector<TokenGroup>& groups) {
  TrainStep step(model_, {.recompute = recompute});
  AdamW optimizer(model_.table());
  const auto losses = goldens_.floats("step_losses"), norms = goldens_.floats("step_gradient_norms");
  for (int i = 0; i < 10; ++i) {
    GoldenLoss loss(goldens_, batch_, 1 / batch_.tokens());
    step.clear_gradients();
    LmHead head(loss, 0.6f);
    step.accumulate(groups, head);
    const double norm = optimizer.step({}, 1e-3f, step.gradients(), model_.edit_weights().data());
    EXPECT_NEAR(loss.value, losses[i], 1e-5 * std::abs(losses[i]) + 1e-6) << "step " << i;
    EXPECT_NEAR(norm, norms[i], 1e-4 * norms[i]) << "step " << i;
    if (i != 0 && i != 2 && i != 9) continue;
    for (const ParameterInfo& info : model_.table().all()) {
      const auto expected = goldens_.floats(fmt::format("after_{}.{}", i + 1, info.name));
      EXPECT_LT(relative_error(rows_of(info, model_.weights()), expected), 1e-5) << info.name;
    }
  }
}

TEST_P(ParityTest, GradientsHaveTheSameBitsOnAnyNumberOfThreads) {
  std::vector<std::vector<float>> runs;
  for (int threads : {1, 2, 3}) {
    set_thread_count(threads);
    TrainStep step(model_, {.token_budget = 64});
    GoldenLoss loss(goldens_, batch_, 1);
    LmHead head(loss, 0.6f);
    step.accumulate(std::vector{batch_.shared()}, head);
    runs.emplace_back(step.gradients().begin(), step.gradients().end());
  }
  set_thread_count(0);
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_EQ(runs[0], runs[2]);
}

TEST_P(ParityTest, ScoresHaveTheSameBitsHoweverSequencesArePacked) {
  TrainStep whole(model_, {});
  const auto expected = whole.score(std::vector{batch_.shared()}, 0.6f)[0];
  for (int64_t budget : {1, 50, 90}) {
    TrainStep step(model_, {.token_budget = budget});
    const auto shared = step.score(std::vector{batch_.shared()}, 0.6f)[0];
    const auto written_out = step.score(batch_.written_out(), 0.6f);
    for (size_t r = 0; r < expected.size(); ++r) {
      for (size_t t = 0; t < expected[r].size(); ++t) {
        ASSERT_EQ(shared[r][t].log_prob, expected[r][t].log_prob);
        ASSERT_EQ(written_out[r][0][t].log_prob, expected[r][t].log_prob);
        ASSERT_EQ(written_out[r][0][t].entropy, expected[r][t].entropy);
      }
    }
  }
}

}  // namespace
}  // namespace deepscaler
