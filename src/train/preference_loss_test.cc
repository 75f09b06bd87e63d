#include "train/preference_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "model/model.h"

namespace deepscaler {
namespace {

using nlohmann::json;

const std::filesystem::path kGoldens = DEEPSCALER_GOLDENS;

PreferenceConfig config_of(const json& golden) {
  PreferenceConfig config = {.beta = golden["beta"], .label_smoothing = golden["label_smoothing"]};
  if (golden["loss"] == "ipo") {
    config.loss = PreferenceLoss::kIpo;
    config.per_token = true;
  }
  return config;
}

Demonstration answer_of(const json& pair, const char* key) {
  Demonstration d;
  pair["prompt"].get_to(d.tokens);
  d.in_loss.assign(d.tokens.size(), 0);
  for (const json& token : pair[key]) d.tokens.push_back(token);
  d.in_loss.resize(d.tokens.size(), 1);
  return d;
}

double norm_of(std::span<const float> gradient) {
  double squares = 0;
  for (const float g : gradient) squares += static_cast<double>(g) * g;
  return std::sqrt(squares);
}

// Loss, rewards and the norm of every tensor's gradient beside torch.
TEST(PreferenceLoss, AgreesWithTheFormulaOfTrlOnAModel) {
  const json goldens = json::parse(std::ifstream(kGoldens / "dpo.json"));
  std::vector<PreferencePair> pairs;
  for (const json& pair : goldens["pairs"]) {
    pairs.push_back({.chosen = answer_of(pair, "chosen"),
                     .rejected = answer_of(pair, "rejected"),
                     .reference_chosen = pair["reference"][0],
                     .reference_rejected = pair["reference"][1]});
  }
  std::vector<const PreferencePair*> batch;
  std::vector<TokenGroup> groups;
  for (const PreferencePair& pair : pairs) {
    batch.push_back(&pair);
    groups.push_back(token_group(pair));
  }
  const Model model = Model::load(kGoldens / "trl");
  for (const json& golden : goldens["cases"]) {
    const PreferenceConfig config = config_of(golden);
    TrainStep step(model, {});
    PreferenceBatch result = preference_batch(config, batch, step.score(groups, 1), {});
    double loss = 0;
    for (size_t i = 0; i < pairs.size(); ++i) {
      loss += result.terms[i].loss / static_cast<double>(pairs.size());
      EXPECT_NEAR(result.terms[i].reward_chosen, golden["rewards_chosen"][i], 1e-5);
      EXPECT_NEAR(result.terms[i].reward_rejected, golden["rewards_rejected"][i], 1e-5);
    }
    EXPECT_NEAR(loss, golden["value"], 1e-5 * std::abs(golden["value"].get<double>()));
    LinearLoss linear(std::move(result.derivatives));
    LmHead head(linear, 1);
    step.accumulate(groups, head);
    for (const ParameterInfo& info : model.table().all()) {
      const double expected = golden["gradient_norms"][info.name];
      const auto gradient =
          step.gradients().subspan(static_cast<size_t>(info.offset), static_cast<size_t>(info.size));
      EXPECT_NEAR(norm_of(gradient), expected, 1e-4 * expected) << golden["loss"] << " " << info.name;
    }
  }
}

// Numbers worked out from eq. 7 of DPO and eq. 17 of IPO: means over two pairs.
TEST(PreferenceLoss, HasTheValuesAndDerivativesOfTheFormulas) {
  const PairLogProbs pairs[] = {{-10, -11, -10.5, -10.8}, {-12, -9, -11.5, -9.5}};
  const auto check = [&](const PreferenceConfig& config, double loss, double first, double second) {
    const PreferenceTerm a = preference_term(config, pairs[0]), b = preference_term(config, pairs[1]);
    EXPECT_NEAR((a.loss + b.loss) / 2, loss, 1e-12 * loss);
    EXPECT_NEAR(a.d_chosen / 2, first, 1e-12);
    EXPECT_NEAR(b.d_chosen / 2, second, 1e-12);
    EXPECT_EQ(a.d_rejected, -a.d_chosen);
    EXPECT_NEAR(a.reward_chosen, 0.05, 1e-12);
    EXPECT_NEAR(b.reward_rejected, 0.05, 1e-12);
  };
  check({}, 0.701578107811134, -0.024125357116680516, -0.026248959373947);
  check({.label_smoothing = 0.1}, 0.700078107811134, -0.019125357116680515, -0.021248959373947003);
  check({.loss = PreferenceLoss::kIpo}, 27.245, -4.3, -6);
}

// Far from the reference neither exp overflows.
TEST(PreferenceLoss, IsFiniteFarFromTheReference) {
  const PreferenceTerm term = preference_term({.beta = 1}, {-5000, -1, -1, -5000});
  EXPECT_NEAR(term.loss, 9998, 1e-9);
  EXPECT_EQ(term.d_chosen, -1);
  EXPECT_EQ(preference_term({.beta = 1}, {-1, -5000, -5000, -1}).d_chosen, 0);
}

TEST(PreferenceConfig, IpoHasNoLabelSmoothing) {
  PreferenceConfig config;
  try {
    read_config_text("steps = 1\nloss = \"ipo\"\nlabel_smoothing = 0.1", "r.toml", {},
                     [&](ConfigSection& s) { bind(s, config); });
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "r.toml:3: \"label_smoothing\" is set, and ipo has none; leave it out");
  }
}

}  // namespace
}  // namespace deepscaler
