// Reward models beside TRL's RewardTrainer (tests/goldens/make_reward_goldens.py), and figures worked out by
// hand.
#include "train/reward_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/file.h"
#include "model/model.h"
#include "train/optimizers.h"
#include "train/parity_test.h"

namespace deepscaler {
namespace {

using nlohmann::json;

const std::filesystem::path kFolder = std::filesystem::path(DEEPSCALER_GOLDENS) / "reward";

const json& goldens() {
  static const json parsed = json::parse(read_file(kFolder / "cases.json"));
  return parsed;
}

Demonstration answer_of(const json& pair, const char* key) {
  Demonstration d;
  pair["prompt"].get_to(d.tokens);
  d.in_loss.assign(d.tokens.size(), 0);
  for (const json& token : pair[key]) d.tokens.push_back(token);
  d.in_loss.resize(d.tokens.size(), 1);
  return d;
}

std::vector<RewardExample> pairs_of(const json& golden) {
  std::vector<RewardExample> pairs;
  for (const json& pair : goldens()["pairs"]) {
    pairs.push_back({.answers = {answer_of(pair, "chosen"), answer_of(pair, "rejected")},
                     .margin = golden["margins"] ? pair["margin"].get<double>() : 0});
  }
  return pairs;
}

OptimizerConfig optimizer_settings() {
  const json& s = goldens()["settings"];
  OptimizerConfig config;
  config.lr = s["learning_rate"];
  config.beta1 = s["adam_beta1"];
  config.beta2 = s["adam_beta2"];
  config.eps = s["adam_epsilon"];
  config.weight_decay = s["weight_decay"];
  config.max_grad_norm = s["max_grad_norm"];
  return config;
}

// A step as the stage takes it: scores, derivatives, gradient. Returns the mean loss.
double accumulate(const RewardModelConfig& config, std::span<const RewardExample> examples, TrainStep& step) {
  std::vector<TokenGroup> groups;
  for (const RewardExample& example : examples) groups.push_back(token_group(example));
  const auto scores = scores_of(step.values(groups, TokenRow::kAt));
  std::vector<std::vector<double>> derivatives;
  double loss = 0;
  const auto count = static_cast<double>(examples.size());
  for (size_t i = 0; i < examples.size(); ++i) {
    RewardTerm term = reward_term(config, examples[i], scores[i]);
    loss += term.loss / count;
    for (double& d : term.derivatives) d /= count;
    derivatives.push_back(std::move(term.derivatives));
  }
  LastValueLoss last(groups, std::move(derivatives));
  ScalarHead head(last, TokenRow::kAt);
  step.clear_gradients();
  step.accumulate(groups, head);
  return loss;
}

void expect_scores(const json& expected, std::span<const RewardExample> examples, TrainStep& step) {
  std::vector<TokenGroup> groups;
  for (const RewardExample& example : examples) groups.push_back(token_group(example));
  const auto scores = scores_of(step.values(groups, TokenRow::kAt));
  for (size_t i = 0; i < examples.size(); ++i) {
    for (size_t a = 0; a < 2; ++a) EXPECT_NEAR(scores[i][a], expected[i][a].get<double>(), 1e-4) << i;
  }
}

TEST(RewardLoss, ThreeStepsAreThoseOfTrlsTrainer) {
  constexpr size_t kSteps = 3, kBatch = 4;
  const SafetensorsFile tensors(kFolder / "cases.safetensors");
  const OptimizerConfig settings = optimizer_settings();
  for (const json& golden : goldens()["cases"]) {
    const std::string name = golden["name"];
    SCOPED_TRACE(name);
    const RewardModelConfig config = {.centering = golden["centering"]};
    const std::vector<RewardExample> pairs = pairs_of(golden);
    Model model = Model::load(kFolder);
    TrainStep step(model, {.token_budget = 32});  // several micro-batches
    const auto optimizer = find_optimizer("adamw").make(model.table());
    expect_scores(golden["first"], std::span(pairs).first(kBatch), step);
    for (size_t i = 0; i < kSteps; ++i) {
      const double loss = accumulate(config, std::span(pairs).subspan(i * kBatch, kBatch), step);
      const double expected = golden["losses"][i], norm = golden["gradient_norms"][i];
      EXPECT_NEAR(loss, expected, 1e-5 * expected) << i;
      for (const ParameterInfo& info : model.table().all()) {
        if (i > 0) break;
        const auto gradient = golden_floats(tensors, name + "/gradient." + info.name);
        EXPECT_LT(relative_error(rows_of(info, std::as_const(step).gradients().data()), gradient), 1e-4)
            << info.name;
      }
      EXPECT_NEAR(optimizer->step(settings, settings.lr, std::as_const(step).gradients(),
                                  model.edit_weights().data()),
                  norm, 1e-4 * norm);
    }
    for (const ParameterInfo& info : model.table().all()) {
      const auto expected = golden_floats(tensors, name + "/after." + info.name);
      EXPECT_LT(relative_error(rows_of(info, model.weights()), expected), 1e-4) << info.name;
    }
    expect_scores(golden["last"], pairs, step);
  }
}

TEST(RewardLoss, PointwiseIsTorchsBinaryCrossEntropy) {
  const json& golden = goldens()["pointwise"];
  std::vector<RewardExample> answers;
  for (size_t i = 0; i < golden["labels"].size(); ++i) {
    answers.push_back(
        {.answers = {answer_of(goldens()["pairs"][i], "chosen")}, .is_good = golden["labels"][i]});
  }
  const Model model = Model::load(kFolder);
  TrainStep step(model, {});
  const double loss = accumulate({.loss = RewardLoss::kPointwise}, answers, step), expected = golden["loss"];
  EXPECT_NEAR(loss, expected, 1e-5 * expected);
  for (const ParameterInfo& info : model.table().all()) {
    double squares = 0;
    for (const float g : rows_of(info, std::as_const(step).gradients().data())) {
      squares += static_cast<double>(g) * g;
    }
    const double norm = golden["gradient_norms"][info.name];
    EXPECT_NEAR(std::sqrt(squares), norm, 1e-4 * norm) << info.name;
  }
}

// Numbers worked out from the formulas in float64.
TEST(RewardLoss, HasTheValuesAndDerivativesOfTheFormulas) {
  const double chosen[] = {1.3, -0.2, 0.5}, rejected[] = {0.1, 0.4, 0.5}, margins[] = {0, 1, 0.5};
  const auto check = [&](bool with_margins, double centering, double loss, double d_chosen,
                         double d_rejected) {
    double sum = 0;
    RewardTerm first;
    for (size_t i = 0; i < 3; ++i) {
      const RewardExample pair = {.answers = std::vector<Demonstration>(2),
                                  .margin = with_margins ? margins[i] : 0};
      const RewardTerm term = reward_term({.centering = centering}, pair, {chosen[i], rejected[i]});
      sum += term.loss / 3;
      if (i == 1) first = term;
    }
    EXPECT_NEAR(sum, loss, 1e-12);
    EXPECT_NEAR(first.derivatives[0] / 3, d_chosen, 1e-12);
    EXPECT_NEAR(first.derivatives[1] / 3, d_rejected, 1e-12);
  };
  check(false, 0, 0.6646391994612874, -0.21521876874193183, 0.21521876874193183);
  check(true, 0, 1.0070867308021592, -0.27733946171130813, 0.27733946171130813);
  check(false, 0.01, 0.6746391994612874, -0.2138854354085985, 0.21655210207526515);
  const double labels[] = {1, 0, 1}, scores[] = {2.0, -1.0, 0.3};
  double sum = 0;
  for (size_t i = 0; i < 3; ++i) {
    const RewardExample answer = {.answers = std::vector<Demonstration>(1), .is_good = labels[i] == 1};
    sum += reward_term({.loss = RewardLoss::kPointwise}, answer, {scores[i]}).loss / 3;
  }
  EXPECT_NEAR(sum, 0.3315149810099075, 1e-12);
}

RewardExample pair_of_lengths(size_t chosen, size_t rejected) {
  RewardExample pair = {.answers = std::vector<Demonstration>(2)};
  pair.answers[0].tokens.resize(chosen);
  pair.answers[1].tokens.resize(rejected);
  return pair;
}

TEST(RewardFigures, ATieIsWrongAndLengthsAreCounted) {
  const std::vector<RewardExample> pairs = {pair_of_lengths(5, 3), pair_of_lengths(2, 4),
                                            pair_of_lengths(4, 4), pair_of_lengths(6, 2)};
  std::vector<const RewardExample*> pointers;
  for (const RewardExample& pair : pairs) pointers.push_back(&pair);
  const double large = 50;
  const std::vector<ExampleScores> scores = {{large, 0}, {0, large}, {1, 1}, {large, 0}};
  const RewardFigures figures = reward_figures({}, pointers, scores);
  EXPECT_EQ(figures.accuracy, 0.5);
  EXPECT_EQ(figures.ties, 0.25);
  EXPECT_EQ(figures.margin, large / 4);
  EXPECT_EQ(figures.mean, (3 * large + 2) / 8);
  EXPECT_EQ(figures.min, 0);
  EXPECT_EQ(figures.max, large);
  EXPECT_NEAR(figures.longer_chosen, 2.0 / 3, 1e-15);
  EXPECT_EQ(figures.longer_preferred, 1);
  // The tie has confidence 0.5 and is half right; of three sure verdicts two are right: 3/4 (1 - 2/3).
  EXPECT_NEAR(figures.calibration_error, 0.25, 1e-12);
  EXPECT_NEAR(figures.loss, (large + std::log(2.0)) / 4, 1e-12);
}

TEST(RewardModelConfig, SaysWhatContradicts) {
  const auto said = [](const std::string& text) {
    RewardModelConfig config;
    try {
      read_config_text("steps = 1\n" + text, "r.toml", {}, [&](ConfigSection& s) { bind(s, config); });
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(said("loss = \"pointwise\"\ncentering = 0.1"),
            "r.toml:3: \"centering\" is set, and pointwise has none; leave it out");
  EXPECT_EQ(said("eval_share = 0.1\neval_files = [\"a\"]"),
            "r.toml:2: \"eval_share\" stands beside eval_files; leave one of them out");
}

}  // namespace
}  // namespace deepscaler
