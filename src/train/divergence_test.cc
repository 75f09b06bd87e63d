#include "train/divergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/parallel.h"
#include "train/step.h"

namespace deepscaler {
namespace {

using nlohmann::json;

const std::filesystem::path kGoldens = DEEPSCALER_GOLDENS;

json goldens() { return json::parse(std::ifstream(kGoldens / "divergence.json")); }

DivergenceConfig config_of(const json& golden) {
  DivergenceConfig config = {.jsd_beta = golden["jsd_beta"], .temperature = golden["temperature"]};
  if (golden["kind"] == "forward") config.kind = DivergenceKind::kForward;
  if (golden["kind"] == "reverse") config.kind = DivergenceKind::kReverse;
  return config;
}

double norm_of(std::span<const float> numbers) {
  double squares = 0;
  for (const float x : numbers) squares += static_cast<double>(x) * x;
  return std::sqrt(squares);
}

// Student and teacher of the goldens, whose vocabularies differ, over the tokens that both have.
class DivergenceOnModels : public testing::Test {
 protected:
  DivergenceOnModels() {
    for (const json& golden : goldens_["groups"]) {
      prompts_.push_back(golden["prompt"]);
      completions_.push_back(golden["completions"]);
    }
  }
  [[nodiscard]] std::vector<TokenGroup> groups() const {
    std::vector<TokenGroup> groups;
    for (size_t g = 0; g < prompts_.size(); ++g) {
      groups.push_back({.prompt = prompts_[g]});
      for (const auto& completion : completions_[g]) groups.back().responses.emplace_back(completion);
    }
    return groups;
  }
  // With one completion each.
  [[nodiscard]] std::vector<TokenGroup> single_groups() const {
    std::vector<TokenGroup> single;
    for (const TokenGroup& group : groups()) {
      for (const auto& response : group.responses)
        single.push_back({.prompt = group.prompt, .responses = {response}});
    }
    return single;
  }
  [[nodiscard]] int64_t tokens() const {
    int64_t count = 0;
    for (const TokenGroup& group : groups()) {
      for (const auto& response : group.responses) count += std::ssize(response);
    }
    return count;
  }
  // The mean divergence; the gradient is then in `step`.
  double accumulate(TrainStep& step, const DivergenceConfig& config) const {
    TeacherDivergence loss(config, teacher_, student_.config().vocabulary, tokens());
    LogitsHead head(loss);
    step.clear_gradients();
    step.accumulate(groups(), head);
    return loss.divergence();
  }

  const json goldens_ = goldens();
  std::vector<std::vector<int32_t>> prompts_;
  std::vector<std::vector<std::vector<int32_t>>> completions_;
  Model student_ = Model::load(kGoldens / "trl");
  const Model teacher_ = Model::load(kGoldens / "models" / "llama");
};

TEST(Divergence, HasTheValuesAndGradientsOfTorch) {
  const json all = goldens();
  for (const json& golden : all["rows"]) {
    const DivergenceConfig config = config_of(golden);
    for (size_t row = 0; row < all["student"].size(); ++row) {
      auto student = all["student"][row].get<std::vector<float>>();
      const auto teacher = all["teacher"][row].get<std::vector<float>>();
      const DivergenceTerm term = divergence_term(config, golden["common"], 0.5, student, teacher);
      const double expected = golden["divergence"][row];
      EXPECT_NEAR(term.divergence, expected, 1e-12 * std::max(1.0, expected)) << golden["kind"] << row;
      EXPECT_NEAR(term.entropy, golden["entropy"][row], 1e-12);
      for (size_t v = 0; v < student.size(); ++v) {
        const double slope = golden["gradient"][row][v];
        EXPECT_NEAR(student[v], 0.5 * slope, 1e-6 * std::max(1.0, std::abs(slope))) << golden["kind"] << v;
      }
    }
  }
}

TEST(Divergence, OfTheMostLikelyTokensHasTheValuesAndGradientsOfTorch) {
  const json all = goldens();
  for (const json& golden : all["top"]) {
    const DivergenceConfig config = config_of(golden);
    for (size_t row = 0; row < all["student"].size(); ++row) {
      const auto logits = all["teacher"][row].get<std::vector<float>>();
      const TopTokens top = top_tokens(std::span(logits).first(5), static_cast<float>(config.temperature),
                                       std::ssize(golden["tokens"][row]));
      EXPECT_EQ(top.tokens, golden["tokens"][row].get<std::vector<int32_t>>());
      for (size_t i = 0; i < top.tokens.size(); ++i) {
        const double log_prob = golden["log_probs"][row][i];
        EXPECT_NEAR(top.log_probs[i], log_prob, 1e-6 * std::max(1.0, std::abs(log_prob)));
      }
      auto student = all["student"][row].get<std::vector<float>>();
      const DivergenceTerm term = divergence_term(config, top, 0.5, student);
      const double expected = golden["divergence"][row];
      EXPECT_NEAR(term.divergence, expected, 1e-5 * std::max(1.0, std::abs(expected))) << golden.dump();
      EXPECT_NEAR(term.entropy, golden["entropy"][row], 1e-12);
      for (size_t v = 0; v < student.size(); ++v) {
        const double slope = golden["gradient"][row][v];
        EXPECT_NEAR(student[v], 0.5 * slope, 1e-5 * std::max(1.0, std::abs(slope))) << golden.dump() << v;
      }
    }
  }
}

// Of equally likely tokens the lower numbers, as everywhere.
TEST(TopTokens, TiesGoToTheLowerNumber) {
  const float logits[] = {1, 3, 3, 0, 3};
  EXPECT_EQ(top_tokens(logits, 1, 2).tokens, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(top_tokens(logits, 1, 9).tokens, (std::vector<int32_t>{1, 2, 4, 0, 3}));
}

// Keeps all tokens at each place, and has no gradient.
struct Listing : LogitsLoss {
  Listing(size_t groups, float temperature) : opinions(groups), temperature(temperature) {}
  void evaluate(std::span<const PredictedToken> tokens, MatrixView logits) override {
    for (int64_t i = 0; i < std::ssize(tokens); ++i) {
      const std::span row(logits.row(i), static_cast<size_t>(logits.cols));
      opinions[static_cast<size_t>(tokens[i].group)].push_back(top_tokens(row, temperature, logits.cols));
      std::ranges::fill(row, 0.0f);
    }
  }
  std::vector<std::vector<TopTokens>> opinions;
  float temperature;
};

// All tokens of a teacher, as a file would have them, say what the teacher says.
TEST_F(DivergenceOnModels, AllTokensOfATeacherAreTheTeacher) {
  TrainStep teacher(student_, {});
  Model other = Model::load(kGoldens / "trl");
  {
    const WeightEdit weights = other.edit_weights();
    for (int64_t i = 0; i < other.table().size(); ++i) weights[i] *= 1.5f;
  }
  for (const auto kind : {DivergenceKind::kForward, DivergenceKind::kReverse, DivergenceKind::kJsd}) {
    const DivergenceConfig config = {.kind = kind, .temperature = 0.8};
    TrainStep whole(other, {}), listed(other, {});
    TeacherDivergence by_model(config, student_, student_.config().vocabulary, tokens());
    LogitsHead head(by_model);
    whole.accumulate(single_groups(), head);
    Listing listing(single_groups().size(), 0.8f);
    LogitsHead reader(listing);
    teacher.accumulate(single_groups(), reader);
    const std::vector<std::span<const TopTokens>> opinions(listing.opinions.begin(), listing.opinions.end());
    TopTokensDivergence by_list(config, opinions, tokens());
    LogitsHead other_head(by_list);
    listed.accumulate(single_groups(), other_head);
    EXPECT_NEAR(by_list.divergence(), by_model.divergence(), 1e-5 * by_model.divergence());
    const std::span<const float> a = whole.gradients(), b = listed.gradients();
    std::vector<float> difference(a.size());
    for (size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
    EXPECT_LT(norm_of(difference), 1e-4 * norm_of(a));
  }
}

TEST_F(DivergenceOnModels, AgreesWithTorchOnModelsOfTwoVocabularies) {
  for (const int64_t budget : {1, 2048}) {  // a micro-batch for each sequence, and one for all
    TrainStep step(student_, {.token_budget = budget});
    for (const json& golden : goldens_["model"]) {
      const double expected = golden["value"];
      EXPECT_NEAR(accumulate(step, config_of(golden)), expected, 1e-5 * expected);
      for (const ParameterInfo& info : student_.table().all()) {
        const double norm = golden["gradient_norms"][info.name];
        const auto gradient =
            step.gradients().subspan(static_cast<size_t>(info.offset), static_cast<size_t>(info.size));
        EXPECT_NEAR(norm_of(gradient), norm, 1e-4 * norm) << golden["kind"] << " " << info.name;
      }
    }
  }
}

TEST_F(DivergenceOnModels, GradientsAreFiniteDifferences) {
  constexpr float kStep = 1e-2f;
  for (const auto kind : {DivergenceKind::kForward, DivergenceKind::kReverse, DivergenceKind::kJsd}) {
    const DivergenceConfig config = {.kind = kind, .jsd_beta = 0.3, .temperature = 0.8};
    TrainStep step(student_, {}), other(student_, {});
    (void)accumulate(step, config);
    for (const ParameterInfo& info : student_.table().all()) {
      if (info.name != "model.norm.weight" && !info.name.ends_with("0.mlp.down_proj.weight")) continue;
      for (int64_t i = 0; i < 3; ++i) {
        const int64_t at = info.offset + 5 * i;
        const float before = student_.weights()[at];
        student_.edit_weights()[at] = before + kStep;
        const double above = accumulate(other, config);
        student_.edit_weights()[at] = before - kStep;
        const double below = accumulate(other, config);
        student_.edit_weights()[at] = before;
        const double gradient = step.gradients()[at];
        EXPECT_NEAR((above - below) / (2 * kStep), gradient, 2e-3 * std::max(0.1, std::abs(gradient)))
            << info.name << " " << i;
      }
    }
  }
}

TEST_F(DivergenceOnModels, HasTheSameBitsOnAnyNumberOfThreads) {
  std::vector<std::vector<float>> gradients;
  std::vector<double> values;
  for (const int threads : {1, 2}) {
    set_thread_count(threads);
    TrainStep step(student_, {});
    values.push_back(accumulate(step, {}));
    gradients.emplace_back(step.gradients().begin(), step.gradients().end());
  }
  set_thread_count(0);
  EXPECT_EQ(values[0], values[1]);
  EXPECT_EQ(gradients[0], gradients[1]);
}

TEST(DivergenceConfig, AMixtureOfOneAloneIsRefused) {
  DivergenceConfig config;
  try {
    read_config_text("jsd_beta = 1", "r.toml", {}, [&](ConfigSection& s) { bind(s, config); });
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(),
                 "r.toml:1: \"jsd_beta\" is 0 or 1, where jsd is always 0; set divergence = \"forward\" or "
                 "\"reverse\" in its place");
  }
}

}  // namespace
}  // namespace deepscaler
