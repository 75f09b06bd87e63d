// Parity with PyTorch: log-probabilities, every gradient and AdamW steps of tiny random models, against
// goldens made by tests/goldens/make_model_goldens.py in float64.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/parallel.h"
#include "formats/safetensors.h"
#include "model/model.h"
#include "train/optimizers/adamw.h"
#include "train/parity_test.h"
#include "train/step.h"

namespace deepscaler {
namespace {

const std::filesystem::path kModels = std::filesystem::path(DEEPSCALER_GOLDENS) / "models";

class Goldens {
 public:
  explicit Goldens(const std::string& name) : file_(kModels / name / "goldens.safetensors") {}

  [[nodiscard]] std::vector<float> floats(const std::string& name) const {
    return golden_floats(file_, name);
  }
  [[nodiscard]] std::vector<int32_t> integers(const std::string& name) const {
    const auto values = floats(name);  // small enough to be exact
    return {values.begin(), values.end()};
  }

 private:
  SafetensorsFile file_;
};

// The goldens' batch: one prompt and its responses.
struct Batch {
  explicit Batch(const Goldens& goldens)
      : prompt(goldens.integers("prompt")), lengths(goldens.integers("response_lengths")) {
    const auto padded = goldens.integers("responses");
    stride = padded.size() / lengths.size();
    for (size_t i = 0; i < lengths.size(); ++i) {
      responses.emplace_back(padded.begin() + i * stride, padded.begin() + i * stride + lengths[i]);
    }
  }
  [[nodiscard]] TokenGroup shared() const {
    TokenGroup group{prompt, {}};
    for (const auto& response : responses) group.responses.emplace_back(response);
    return group;
  }
  [[nodiscard]] std::vector<TokenGroup> written_out() const {
    std::vector<TokenGroup> groups;
    for (const auto& response : responses) groups.push_back({prompt, {response}});
    return groups;
  }
  [[nodiscard]] float tokens() const {
    float sum = 0;
    for (int32_t length : lengths) sum += static_cast<float>(length);
    return sum;
  }

  std::vector<int32_t> prompt, lengths;
  std::vector<std::vector<int32_t>> responses;
  size_t stride;
};

// scale * sum of c log_prob + e entropy, with the goldens' coefficients.
class LinearLoss : public TokenLoss {
 public:
  LinearLoss(const Goldens& goldens, const Batch& batch, float scale)
      : c_(goldens.floats("coefficients.logprob")),
        e_(goldens.floats("coefficients.entropy")),
        stride_(batch.stride),
        scale_(scale) {}
  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                std::span<TokenDerivative> derivatives) override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      // Responses are numbered through, however they are grouped.
      const size_t at = static_cast<size_t>(tokens[i].group + tokens[i].response) * stride_ + tokens[i].token;
      derivatives[i] = {scale_ * c_[at], scale_ * e_[at]};
      value += scale_ * (c_[at] * scores[i].log_prob + e_[at] * scores[i].entropy);
    }
  }
  double value = 0;

 private:
  std::vector<float> c_, e_;
  size_t stride_;
  float scale_;
};

class ParityTest : public testing::TestWithParam<std::string> {
 protected:
  ParityTest() : goldens_(GetParam()), batch_(goldens_), model_(Model::load(kModels / GetParam())) {}
  void ten_steps(Recompute recompute, const std::vector<TokenGroup>& groups);

  Goldens goldens_;
  Batch batch_;
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
      LinearLoss loss(goldens_, batch_, 1);
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
    LinearLoss loss(goldens_, batch_, 1 / batch_.tokens());
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
    LinearLoss loss(goldens_, batch_, 1);
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
