// Adapters beside PEFT: log-probabilities, every gradient and AdamW steps over tiny models, against goldens
// made by tests/goldens/make_lora_goldens.py in float64; and what adapting must leave as it is.
#include "model/lora.h"

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

const std::filesystem::path kGoldens = DEEPSCALER_GOLDENS;

class LoraParity : public testing::TestWithParam<std::string> {
 protected:
  LoraParity()
      : goldens_(kGoldens / "lora" / GetParam()),
        of_base_(kGoldens / "models" / GetParam()),
        batch_(of_base_),
        model_(Model::load(kGoldens / "lora" / GetParam())) {}

  Goldens goldens_, of_base_;
  GoldenBatch batch_;
  Model model_;  // as PEFT has saved it
};

INSTANTIATE_TEST_SUITE_P(Models, LoraParity, testing::Values("llama", "qwen2", "qwen3"),
                         [](const auto& info) { return info.param; });

TEST_P(LoraParity, LogProbabilities) {
  TrainStep step(model_, {});
  const auto scores = step.score(std::vector{batch_.shared()}, 0.6f)[0];
  const auto expected = goldens_.floats("logprobs"), plain = of_base_.floats("logprobs.temperature_0.6");
  double change = 0;
  for (size_t r = 0; r < scores.size(); ++r) {
    for (size_t t = 0; t < scores[r].size(); ++t) {
      const size_t at = r * batch_.stride + t;
      EXPECT_NEAR(scores[r][t].log_prob, expected[at], 3e-5) << r << "," << t;  // torch in f32: 1.1e-5
      change = std::max(change, std::abs(static_cast<double>(expected[at]) - plain[at]));
    }
  }
  EXPECT_GT(change, 0.5) << "the adapter changes what the base says";
}

TEST_P(LoraParity, EveryGradient) {
  std::vector<std::vector<float>> gradients;
  for (const Recompute recompute : {Recompute::kNone, Recompute::kLayer}) {
    for (const int threads : {1, 3}) {
      set_thread_count(threads);
      TrainStep step(model_, {.recompute = recompute});
      GoldenLoss loss(of_base_, batch_, 1);
      LmHead head(loss, 0.6f);
      step.accumulate(std::vector{batch_.shared()}, head);
      EXPECT_NEAR(loss.value, goldens_.floats("loss")[0], 1e-4);
      ASSERT_EQ(std::ssize(step.gradients()), model_.table().trainable_size());
      for (const ParameterInfo& info : model_.table().trainable()) {
        const auto gradient = rows_of(info, step.gradients().data());
        EXPECT_LT(relative_error(gradient, goldens_.floats("gradient." + info.name)), 1e-4) << info.name;
      }
      gradients.emplace_back(step.gradients().begin(), step.gradients().end());
      EXPECT_EQ(gradients.back(), gradients[0]) << "bits";
    }
  }
  set_thread_count(0);
}

TEST_P(LoraParity, TenAdamWStepsThatLeaveTheBaseAlone) {
  const std::string base = model_.base()->hash(), before = model_.hash();
  TrainStep step(model_, {});
  AdamW optimizer(model_.table());
  const auto losses = goldens_.floats("step_losses"), norms = goldens_.floats("step_gradient_norms");
  for (int i = 0; i < 10; ++i) {
    GoldenLoss loss(of_base_, batch_, 1 / batch_.tokens());
    step.clear_gradients();
    LmHead head(loss, 0.6f);
    step.accumulate(std::vector{batch_.shared()}, head);
    const double norm = optimizer.step({}, 1e-3f, step.gradients(), model_.edit_weights().data());
    EXPECT_NEAR(loss.value, losses[i], 1e-5 * std::abs(losses[i]) + 1e-6) << "step " << i;
    EXPECT_NEAR(norm, norms[i], 1e-4 * norms[i]) << "step " << i;
  }
  for (const ParameterInfo& info : model_.table().trainable()) {
    const auto expected = goldens_.floats("after_10." + info.name);
    // Adam divides by the root of the second moment: a gradient near zero moves a weight by its rounding.
    EXPECT_LT(relative_error(rows_of(info, model_.weights()), expected), 5e-5) << info.name;
  }
  EXPECT_EQ(model_.base()->hash(), base);
  EXPECT_NE(model_.hash(), before);
}

// Every row of a product stands for itself, so neither packing nor threads matter with adapters either.
TEST_P(LoraParity, ScoresHaveTheSameBitsHoweverSequencesArePacked) {
  for (const ComputeType type : {ComputeType::kF32, ComputeType::kBf16}) {
    model_.compute_in(type);
    TrainStep whole(model_, {});
    const auto expected = whole.score(std::vector{batch_.shared()}, 0.6f)[0];
    for (int64_t budget : {1, 50, 90}) {
      TrainStep step(model_, {.token_budget = budget});
      const auto apart = step.score(batch_.written_out(), 0.6f);
      for (size_t r = 0; r < expected.size(); ++r) {
        for (size_t t = 0; t < expected[r].size(); ++t) {
          ASSERT_EQ(apart[r][0][t].log_prob, expected[r][t].log_prob);
        }
      }
    }
  }
}

std::vector<TokenScore> scores_of(const Model& model, const GoldenBatch& batch) {
  TrainStep step(model, {});
  return step.score(std::vector{batch.shared()}, 1).at(0).at(3);
}

// A reference is the base: an adapter that has not been trained computes what the base does, and a copy is
// over the same base.
TEST_P(LoraParity, ANewAdapterChangesNothing) {
  const Model base = Model::load(kGoldens / "models" / GetParam());
  for (const LoraInit init : {LoraInit::kUniform, LoraInit::kGaussian}) {
    LoraConfig config = {.rank = 1};
    config.init = init;
    Model adapted = Model::adapt(Model::load(kGoldens / "models" / GetParam()), config, 3);
    const Model copy = adapted.copy_over_same_base();
    EXPECT_EQ(copy.base(), adapted.base());
    EXPECT_EQ(copy.hash(), adapted.hash());
    const auto plain = scores_of(base, batch_), with = scores_of(adapted, batch_);
    for (size_t t = 0; t < plain.size(); ++t) EXPECT_EQ(with[t].log_prob, plain[t].log_prob);
    copy_parameters(model_, adapted);  // of another rank: nothing
    EXPECT_EQ(copy.hash(), adapted.hash());
    adapted.edit_weights()[0] += 1;
    EXPECT_NE(copy.hash(), adapted.hash());
    copy_parameters(copy, adapted);
    EXPECT_EQ(copy.hash(), adapted.hash());
  }
}

TEST(Lora, AFreshAdapterIsThatOfPeft) {
  const LoraConfig config = {.rank = 8};
  Model model = Model::adapt(Model::load(kGoldens / "models" / "llama"), config, 3);
  double sum = 0, most = 0, count = 0;
  for (const ParameterInfo& info : model.table().trainable()) {
    const auto rows = rows_of(info, model.weights());
    for (const float x : rows) {
      if (!info.name.ends_with("lora_A.weight")) {
        EXPECT_EQ(x, 0) << info.name;
        continue;
      }
      const double unit = x * std::sqrt(static_cast<double>(info.cols));  // even within [-1, 1)
      sum += unit * unit;
      most = std::max(most, std::abs(unit));
      ++count;
    }
  }
  EXPECT_NEAR(sum / count, 1.0 / 3, 0.02);
  EXPECT_GT(most, 0.99);
  EXPECT_LE(most, 1);
  EXPECT_EQ(model.hash(), Model::adapt(Model::load(kGoldens / "models" / "llama"), config, 3).hash());
  EXPECT_NE(model.hash(), Model::adapt(Model::load(kGoldens / "models" / "llama"), config, 4).hash());
}

TEST(Lora, ScalesAreThoseOfThePapers) {
  LoraConfig config = {.rank = 16, .alpha = 8};
  EXPECT_EQ(config.scale(), 0.5f);
  config.rslora = true;
  EXPECT_EQ(config.scale(), 2.0f);
}

// Counted by PEFT's print_trainable_parameters() for SmolLM2-135M at rank 8.
TEST(Lora, AdaptersHaveTheSizesOfPeft) {
  const ModelConfig smollm2 = {.vocabulary = 49152,
                               .hidden = 576,
                               .feed_forward = 1536,
                               .layers = 30,
                               .attention = {.heads = 9, .kv_heads = 3, .head_dim = 64},
                               .context = 64,
                               .tied_embeddings = true};
  const ParameterTable base(smollm2), table = adapted_table(base, {.rank = 8});
  EXPECT_EQ(table.count() - base.count(), 2442240);
  int64_t trained = 0;
  for (const ParameterInfo& info : table.trainable()) trained += info.rows * info.cols;
  EXPECT_EQ(trained, 2442240);
}

}  // namespace
}  // namespace deepscaler
