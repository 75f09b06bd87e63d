// The scalar and logits heads against transformers in float64 (tests/goldens/make_head_goldens.py), against
// finite differences, and against each other.
#include "train/head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "train/parity_test.h"
#include "train/step.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// Sum of c value over all response tokens.
class WeightedSum : public ValueLoss {
 public:
  explicit WeightedSum(std::vector<std::vector<float>> coefficients) : c_(std::move(coefficients)) {}
  void evaluate(std::span<const PredictedToken> tokens, std::span<const float> values,
                std::span<float> derivatives) override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      derivatives[i] = c_[tokens[i].response][tokens[i].token];
      total += static_cast<double>(derivatives[i]) * values[i];
    }
  }
  double total = 0;

 private:
  std::vector<std::vector<float>> c_;
};

// Sum over response tokens of KL(teacher || model).
class DivergenceFromTeacher : public LogitsLoss {
 public:
  // teacher [N, R, V]
  DivergenceFromTeacher(std::vector<float> teacher, int64_t longest)
      : teacher_(std::move(teacher)), longest_(longest) {}
  void evaluate(std::span<const PredictedToken> tokens, MatrixView logits) override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      float* row = logits.row(static_cast<int64_t>(i));
      const float* teacher =
          teacher_.data() + (tokens[i].response * longest_ + tokens[i].token) * logits.cols;
      const auto normalizer = softmax_normalizer({row, static_cast<size_t>(logits.cols)}, 1);
      for (int64_t v = 0; v < logits.cols; ++v) {
        const double log_p = normalizer.log_prob(row[v], 1), q = std::exp(static_cast<double>(teacher[v]));
        total += q * (teacher[v] - log_p);
        row[v] = static_cast<float>(std::exp(log_p) - q);
      }
    }
  }
  double total = 0;

 private:
  std::vector<float> teacher_;
  int64_t longest_;
};

class HeadTest : public testing::TestWithParam<const char*> {
 protected:
  HeadTest() {
    const auto prompt = floats("prompt"), tokens = floats("responses"), lengths = floats("lengths"),
               coefficients = floats("coefficients");
    prompt_.assign(prompt.begin(), prompt.end());
    longest_ = static_cast<int64_t>(tokens.size() / lengths.size());
    for (size_t r = 0; r < lengths.size(); ++r) {
      const auto first = static_cast<int64_t>(r) * longest_, length = static_cast<int64_t>(lengths[r]);
      responses_.emplace_back(tokens.begin() + first, tokens.begin() + first + length);
      coefficients_.emplace_back(coefficients.begin() + first, coefficients.begin() + first + length);
    }
  }
  [[nodiscard]] std::vector<float> floats(const std::string& name) const {
    return golden_floats(goldens_, name);
  }
  [[nodiscard]] std::vector<TokenGroup> groups() const {
    TokenGroup group{.prompt = prompt_, .name = "g"};
    for (const auto& response : responses_) group.responses.emplace_back(response);
    return {group};
  }
  [[nodiscard]] double weighted_sum(const Model& model, TokenRow row) const {
    TrainStep step(model, {});
    const auto values = step.values(groups(), row)[0];
    double sum = 0;
    for (size_t r = 0; r < values.size(); ++r) {
      for (size_t t = 0; t < values[r].size(); ++t)
        sum += static_cast<double>(coefficients_[r][t]) * values[r][t];
    }
    return sum;
  }
  void expect_gradients(const Model& model, const TrainStep& step, const std::string& kind) const {
    int compared = 0;
    for (const ParameterInfo& info : model.table().all()) {
      const std::string name = "gradient." + kind + "." + info.name;
      if (goldens_.tensors().find(name) == nullptr) continue;
      ++compared;
      EXPECT_LT(relative_error(rows_of(info, step.gradients().data()), floats(name)), 1e-4) << name;
    }
    EXPECT_GE(compared, 3);
  }

  const fs::path folder_ = fs::path(DEEPSCALER_GOLDENS) / "heads" / GetParam();
  const SafetensorsFile goldens_{folder_ / "goldens.safetensors"};
  std::vector<int32_t> prompt_;
  std::vector<std::vector<int32_t>> responses_;
  std::vector<std::vector<float>> coefficients_;
  int64_t longest_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Models, HeadTest, testing::Values("llama", "qwen2"));

TEST_P(HeadTest, ScalarsAndTheirGradientsAreThoseOfTransformers) {
  const Model model = Model::load(folder_);
  EXPECT_EQ(model.config().head, HeadKind::kSequenceScore);
  for (const auto& [row, kind] : {std::pair(TokenRow::kAt, "at"), std::pair(TokenRow::kBefore, "before")}) {
    const auto expected = floats(std::string("values.") + kind);
    for (const int64_t budget : {64, 2048}) {  // several micro-batches, and one
      TrainStep step(model, {.token_budget = budget});
      const auto values = step.values(groups(), row)[0];
      for (size_t r = 0; r < values.size(); ++r) {
        for (size_t t = 0; t < values[r].size(); ++t) {
          EXPECT_NEAR(values[r][t], expected[r * longest_ + t], 2e-5) << kind << ", " << r << ", " << t;
        }
      }
      WeightedSum loss(coefficients_);
      ScalarHead head(loss, row);
      step.accumulate(groups(), head);
      EXPECT_NEAR(loss.total, weighted_sum(model, row), 1e-12) << "training reads the scored bits";
      expect_gradients(model, step, kind);
    }
  }
}

TEST_P(HeadTest, ScalarGradientsAreFiniteDifferences) {
  Model model = Model::load(folder_);
  TrainStep step(model, {});
  WeightedSum loss(coefficients_);
  ScalarHead head(loss, TokenRow::kAt);
  step.accumulate(groups(), head);
  constexpr float kStep = 1e-2f;
  for (const ParameterInfo& info : model.table().all()) {
    if (info.name != "score.weight" && info.name != "model.norm.weight") continue;
    for (int64_t i = 0; i < 5; ++i) {
      // Panels of one output have its inputs 16 numbers apart.
      const int64_t at =
          info.offset + i * 7 * (info.layout == ParameterInfo::Layout::kPanels ? kPanelWidth : 1);
      const float before = model.weights()[at];
      model.edit_weights()[at] = before + kStep;
      const double above = weighted_sum(model, TokenRow::kAt);
      model.edit_weights()[at] = before - kStep;
      const double below = weighted_sum(model, TokenRow::kAt);
      model.edit_weights()[at] = before;
      const double slope = (above - below) / (2 * kStep), gradient = step.gradients()[at];
      EXPECT_NEAR(slope, gradient, 2e-3 * std::max(1.0, std::abs(gradient))) << info.name << " " << i;
    }
  }
}

TEST_P(HeadTest, ADivergenceOverTheLogitsIsTorchs) {
  const Model model = Model::load(fs::path(DEEPSCALER_GOLDENS) / "models" / GetParam());
  DivergenceFromTeacher loss(floats("teacher"), longest_);
  LogitsHead head(loss);
  TrainStep step(model, {});
  step.accumulate(groups(), head);
  const double expected = floats("kl")[0];
  EXPECT_NEAR(loss.total, expected, 1e-5 * expected);
  expect_gradients(model, step, "kl");
}

TEST_P(HeadTest, AModelWithAScalarHeadIsSavedAsTransformersNamesIt) {
  const TemporaryFolder saved;
  Model model = Model::load(folder_);
  save_hf_model(model, saved.path());
  const Model again = Model::load(saved.path());
  EXPECT_EQ(again.hash(), model.hash());
  const auto config = nlohmann::json::parse(read_file(saved / "config.json"));
  const auto original = nlohmann::json::parse(read_file(folder_ / "config.json"));
  EXPECT_EQ(config["architectures"], original["architectures"]);
  EXPECT_EQ(config["id2label"].size(), 1u);
}

TEST_P(HeadTest, TheLayersOfALanguageModelAreTakenOverIntoAScalarOne) {
  const Model causal = Model::load(fs::path(DEEPSCALER_GOLDENS) / "models" / GetParam());
  const Model expected = Model::load(folder_);
  ModelConfig config = causal.config();
  config.head = HeadKind::kSequenceScore;
  Model scorer(config);
  copy_parameters(causal, scorer);
  EXPECT_NE(scorer.hash(), expected.hash()) << "the score is still zero";
  for (const ParameterInfo& info : scorer.table().all()) {
    if (info.name != "score.weight") continue;
    std::copy_n(expected.weights() + info.offset, info.size, scorer.edit_weights().data() + info.offset);
  }
  EXPECT_EQ(scorer.hash(), expected.hash());
}

}  // namespace
}  // namespace deepscaler
