#include "train/step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "comm/thread_ranks.h"
#include "model/model.h"
#include "train/optimizers/adamw.h"
#include "train/sft.h"

namespace deepscaler {
namespace {

Model tiny_model() { return Model::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / "qwen2"); }

std::vector<int32_t> numbers(int32_t first, int64_t count) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < count; ++i) tokens.push_back(first + static_cast<int32_t>(i * 7 % 61));
  return tokens;
}

// Two groups whose responses take more than one chunk of the LM head and several micro-batches.
struct Texts {
  std::vector<int32_t> prompt = numbers(3, 37), other_prompt = numbers(9, 5);
  std::vector<std::vector<int32_t>> responses = {numbers(1, 300), numbers(2, 1), numbers(5, 40)};

  [[nodiscard]] std::vector<TokenGroup> groups() const {
    return {{prompt, {responses[0], responses[1]}}, {other_prompt, {responses[2], responses[0]}}};
  }
};

using Response = std::pair<int32_t, int32_t>;  // group, number

// Sum over responses of the squared mean log-probability: its derivatives need the whole response.
class SquaredMeans : public TokenLoss {
 public:
  [[nodiscard]] bool needs_whole_responses() const override { return true; }
  void observe(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores) override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      Sum& sum = sums[{tokens[i].group, tokens[i].response}];
      sum.log_prob += scores[i].log_prob;
      ++sum.tokens;
    }
  }
  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore>,
                std::span<TokenDerivative> derivatives) override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      const Sum& sum = sums.at({tokens[i].group, tokens[i].response});
      seen_at_evaluation[{tokens[i].group, tokens[i].response}] = sum.tokens;
      derivatives[i].log_prob = derivative(sum);
    }
  }

  struct Sum {
    double log_prob = 0;
    int64_t tokens = 0;
  };
  static float derivative(const Sum& sum) {
    return static_cast<float>(2 * sum.log_prob / static_cast<double>(sum.tokens * sum.tokens));
  }
  std::map<Response, Sum> sums;
  std::map<Response, int64_t> seen_at_evaluation;
};

// A constant derivative for each response.
class Constants : public TokenLoss {
 public:
  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore>,
                std::span<TokenDerivative> derivatives) override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      derivatives[i].log_prob = values.at({tokens[i].group, tokens[i].response});
    }
  }
  std::map<Response, float> values;
};

TEST(TrainStep, ALossSeesWholeResponsesBeforeItsDerivativesAreAsked) {
  const Model model = tiny_model();
  const Texts texts;
  for (const int64_t budget : {64, 2048}) {
    TrainStep step(model, {.token_budget = budget});
    SquaredMeans loss;
    LmHead head(loss, 0.7f);
    step.accumulate(texts.groups(), head);
    const std::map<Response, int64_t> whole = {{{0, 0}, 300}, {{0, 1}, 1}, {{1, 0}, 40}, {{1, 1}, 300}};
    EXPECT_EQ(loss.seen_at_evaluation, whole) << budget;

    // The same gradient, bit for bit, as with coefficients known beforehand from scoring.
    Constants constants;
    const GroupScores scores = step.score(texts.groups(), 0.7f);
    for (const auto& [response, sum] : loss.sums) {
      SquaredMeans::Sum expected;
      for (const TokenScore& score : scores[response.first][response.second]) {
        expected.log_prob += score.log_prob;
        ++expected.tokens;
      }
      EXPECT_EQ(sum.log_prob, expected.log_prob);
      constants.values[response] = SquaredMeans::derivative(expected);
    }
    const std::vector<float> gradients(step.gradients().begin(), step.gradients().end());
    step.clear_gradients();
    LmHead constant_head(constants, 0.7f);
    step.accumulate(texts.groups(), constant_head);
    EXPECT_EQ(gradients, std::vector<float>(step.gradients().begin(), step.gradients().end())) << budget;
  }
}

// What a step of several micro-batches makes on so many ranks.
struct FixedStep {
  std::vector<float> gradients;
  double loss = 0;
  GroupScores scores;
};

FixedStep fixed_step_on(const Model& model, int64_t size) {
  FixedStep result;
  run_on_ranks(size, [&] {
    const Texts texts;
    NegativeLogLikelihood loss(641);
    LmHead head(loss, 0.7f);
    TrainStep step(model, {.token_budget = 64, .gradients = GradientSum::kFixed});
    step.accumulate(texts.groups(), head);
    step.add_up_gradients();
    const GroupScores scores = step.score(texts.groups(), 0.7f);
    if (ranks().leads()) {
      result = {{step.gradients().begin(), step.gradients().end()}, loss.loss(), scores};
    }
  });
  return result;
}

TEST(TrainStep, FixedSumsHaveTheSameBitsOnAnyNumberOfRanks) {
  const Model model = tiny_model();
  const FixedStep one = fixed_step_on(model, 1);
  for (const int64_t size : {2, 3, 5}) {
    const FixedStep several = fixed_step_on(model, size);
    EXPECT_EQ(several.gradients, one.gradients) << size;
    EXPECT_EQ(several.loss, one.loss) << size;
    for (size_t g = 0; g < one.scores.size(); ++g) {
      for (size_t r = 0; r < one.scores[g].size(); ++r) {
        for (size_t t = 0; t < one.scores[g][r].size(); ++t) {
          EXPECT_EQ(several.scores[g][r][t].log_prob, one.scores[g][r][t].log_prob);
        }
      }
    }
  }
  // Next to the sum of floats.
  const Texts texts;
  NegativeLogLikelihood loss(641);
  LmHead head(loss, 0.7f);
  TrainStep step(model, {.token_budget = 64});
  step.accumulate(texts.groups(), head);
  EXPECT_NEAR(loss.loss(), one.loss, 1e-9);
  double difference = 0, norm = 0;
  for (size_t i = 0; i < one.gradients.size(); ++i) {
    difference += std::pow(step.gradients()[i] - one.gradients[i], 2.0);
    norm += std::pow(one.gradients[i], 2.0);
  }
  EXPECT_LT(std::sqrt(difference / norm), 1e-5);
}

// The gradients of all trainable parameters for a constant loss, on so many threads.
std::vector<float> gradients_in(const Model& model, int threads) {
  set_thread_count(threads);
  const Texts texts;
  Constants loss;
  for (const Response& response : {Response{0, 0}, {0, 1}, {1, 0}, {1, 1}}) loss.values[response] = -1;
  TrainStep step(model, {.token_budget = 256});
  LmHead head(loss, 1);
  step.accumulate(texts.groups(), head);
  set_thread_count(0);
  return {step.gradients().begin(), step.gradients().end()};
}

// Freezing changes no gradient but those that are no longer there; and what is frozen stays.
TEST(TrainStep, FrozenParametersHaveNoGradientAndStay) {
  Model model = tiny_model();
  const auto all = gradients_in(model, 2);
  const Model before = tiny_model();
  const std::string hash = model.hash();
  for (const char* trained : {"layers.1.", "norm", "bias", "q_proj", "embed_tokens"}) {
    model.train_only([&](std::string_view name) { return name.find(trained) != std::string_view::npos; });
    EXPECT_EQ(model.hash(), hash);
    const auto some = gradients_in(model, 2);
    ASSERT_EQ(std::ssize(some), model.table().trainable_size());
    ASSERT_LT(some.size(), all.size()) << trained;
    for (size_t i = 0; i < model.table().all().size(); ++i) {
      const ParameterInfo &p = model.table().all()[i], &full = before.table().all()[i];
      EXPECT_EQ(p.trainable, p.name.find(trained) != std::string::npos);
      if (!p.trainable) continue;
      for (int64_t k = 0; k < p.size; ++k) ASSERT_EQ(some[p.offset + k], all[full.offset + k]) << p.name;
    }
    AdamW optimizer(model.table());
    optimizer.step({}, 1e-2f, some, model.edit_weights().data());
    for (size_t i = 0; i < model.table().all().size(); ++i) {
      const ParameterInfo &p = model.table().all()[i], &full = before.table().all()[i];
      const bool same = std::equal(model.weights() + p.offset, model.weights() + p.offset + p.size,
                                   before.weights() + full.offset);
      EXPECT_EQ(same, !p.trainable) << p.name;
    }
    model = tiny_model();
  }
}

double norm(std::span<const float> numbers) {
  double sum = 0;
  for (const float x : numbers) sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

// Whether bf16 is in the forward pass alone or in the backward pass too depends on the CPU.
TEST(TrainStep, GradientsInBf16AreThoseOfF32Rounded) {
  Model model = tiny_model();
  const auto f32 = gradients_in(model, 2);
  model.compute_in(ComputeType::kBf16);
  const auto bf16 = gradients_in(model, 2);
  std::vector<float> difference(f32.size());
  std::ranges::transform(f32, bf16, difference.begin(), std::minus());
  // A factor is off by 2^-9 at most; errors of several products follow each other.
  EXPECT_LT(norm(difference), 0.02 * norm(f32));
  EXPECT_GT(norm(difference), 0);
  EXPECT_EQ(bf16, gradients_in(model, 1));
}

// What a step that meets a number which is not finite says.
std::string refusal(const Model& model, std::span<const TokenGroup> groups, TokenLoss& loss) {
  TrainStep step(model, {.token_budget = 64});
  try {
    LmHead head(loss, 1);
    step.accumulate(groups, head);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(TrainStep, AGradientThatIsNotFiniteNamesTensorAndSample) {
  Model model = tiny_model();
  const Texts texts;
  std::vector<TokenGroup> groups = texts.groups();
  groups[1].name = "problem 7";
  Constants loss;
  loss.values = {{{0, 0}, 1.0f}, {{0, 1}, 1.0f}, {{1, 0}, 1.0f}, {{1, 1}, 1.0f}};
  EXPECT_EQ(refusal(model, groups, loss), "no error");
  // By the loss.
  loss.values[{1, 1}] = INFINITY;
  EXPECT_EQ(
      refusal(model, groups, loss),
      "problem 7, sample 1: it makes the gradient of model.embed_tokens.weight not finite; the weights are "
      "left as they were; look at this sample, or lower the learning rate");
  // In the backward pass: finite derivatives, too large for their products.
  loss.values[{1, 1}] = 1.0f;
  loss.values[{0, 1}] = 3e38f;
  EXPECT_EQ(refusal(model, groups, loss).substr(0, 52),
            "group 0, sample 1: it makes the gradient of model.em");
  // In the forward pass: an embedding that only one response reads.
  loss.values[{0, 1}] = 1.0f;
  constexpr int32_t kRare = 250;
  std::vector<int32_t> response = texts.responses[2];
  response[5] = kRare;
  groups[1].responses[0] = response;
  Model untied = Model::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / "qwen3");
  const ParameterInfo& info = untied.table()[untied.table().embedding()];
  Matrix rows(info.rows, info.cols);
  read_parameter(info, untied.weights(), rows.view());
  rows.row(kRare)[3] = NAN;
  write_parameter(info, rows.view(), untied.edit_weights().data());
  EXPECT_EQ(refusal(untied, groups, loss).substr(0, 47), "problem 7, sample 0: it makes the gradient of m");
}

}  // namespace
}  // namespace deepscaler
