// Beside verl's formulas in float64 (tests/goldens/make_ppo_goldens.py).
#include "rl/loss/gae.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/config.h"

namespace deepscaler {
namespace {

using nlohmann::json;

const json& goldens() {
  static const json parsed = json::parse(std::ifstream(DEEPSCALER_GOLDENS "/ppo/gae.json"));
  return parsed;
}

template <class T>
std::vector<T> row_of(const json& rows, size_t row) {
  return rows[row].get<std::vector<T>>();
}

constexpr size_t kRows = 2;
constexpr double kRounding = 1e-6;  // of values, which are f32 here

TEST(Gae, AdvantagesAndReturnsAreVerls) {
  for (const json& golden : goldens()["cases"]) {
    std::vector<std::vector<double>> batch;
    for (size_t row = 0; row < kRows; ++row) {
      const auto rewards = row_of<double>(goldens()["rewards"], row);
      const auto values = row_of<float>(goldens()["values"], row);
      const auto mask = row_of<uint8_t>(goldens()["mask"], row);
      const auto advantages = gae({rewards, values, mask}, golden["gamma"], golden["lambda"]);
      std::vector<double> unmasked;
      for (size_t t = 0; t < advantages.size(); ++t) {
        EXPECT_NEAR(advantages[t], golden["advantages"][row][t], kRounding) << row << " " << t;
        if (mask[t] == 0) continue;
        EXPECT_NEAR(advantages[t] + values[t], golden["returns"][row][t], kRounding);
        unmasked.push_back(advantages[t]);
      }
      batch.push_back(std::move(unmasked));
    }
    std::vector<std::span<double>> spans(batch.begin(), batch.end());
    whiten(spans);
    for (size_t row = 0; row < kRows; ++row) {
      const auto mask = row_of<uint8_t>(goldens()["mask"], row);
      size_t next = 0;
      for (size_t t = 0; t < mask.size(); ++t) {
        if (mask[t] == 0) continue;
        EXPECT_NEAR(batch[row][next++], golden["whitened"][row][t], 2 * kRounding);
      }
    }
  }
}

TEST(Gae, AMaskedTokenIsAsIfItWereNotThere) {
  const std::vector<double> rewards = {0.5, 9, 1}, short_rewards = {0.5, 1};
  const std::vector<float> values = {0.25f, 9, 0.5f}, short_values = {0.25f, 0.5f};
  const std::vector<uint8_t> mask = {1, 0, 1};
  const auto masked = gae({rewards, values, mask}, 0.9, 0.8),
             plain = gae({short_rewards, short_values}, 0.9, 0.8);
  EXPECT_EQ(masked[0], plain[0]);
  EXPECT_EQ(masked[1], 0);
  EXPECT_EQ(masked[2], plain[1]);
}

TEST(Gae, OneNumberIsNotWhitened) {
  std::vector<double> one = {3};
  std::span<double> batch[] = {one};
  whiten(batch);
  EXPECT_EQ(one[0], 3);
}

TEST(ValueTerm, ClippedAndNotIsVerls) {
  const json& golden = goldens()["value"];
  for (const json& c : golden["cases"]) {
    const auto clip = c["clip"].is_null() ? std::nullopt : std::optional<double>(c["clip"].get<double>());
    double loss = 0, clipped = 0, count = 0;
    for (size_t row = 0; row < kRows; ++row) {
      const auto mask = row_of<uint8_t>(goldens()["mask"], row);
      for (size_t t = 0; t < mask.size(); ++t) count += mask[t];
    }
    for (size_t row = 0; row < kRows; ++row) {
      const auto mask = row_of<uint8_t>(goldens()["mask"], row);
      for (size_t t = 0; t < mask.size(); ++t) {
        if (mask[t] == 0) continue;
        const ValueTerm term = value_term(golden["values"][row][t], goldens()["values"][row][t],
                                          golden["returns"][row][t], clip);
        loss += term.loss / count;
        clipped += term.clipped / count;
        EXPECT_NEAR(term.derivative / count, c["derivatives"][row][t], 1e-12);
      }
    }
    EXPECT_NEAR(loss, c["loss"], 1e-12);
    EXPECT_NEAR(clipped, c["clipped"], 1e-12);
  }
}

TEST(Gae, TheCoefficientFollowsItsTarget) {
  for (const json& golden : goldens()["adaptive"]) {
    const GaeConfig config = {.kl_target = golden["target"].get<double>(), .kl_horizon = golden["horizon"]};
    EXPECT_NEAR(adapted_kl_coefficient(config, golden["coef"], golden["kl"], golden["n"]), golden["next"],
                1e-15);
  }
  EXPECT_EQ(adapted_kl_coefficient({}, 0.1, 5, 1024), 0.1) << "without a target it stays";
}

TEST(Gae, LambdaFollowsTheLength) {
  for (const json& golden : goldens()["lambdas"]) {
    const GaeConfig config = {.length_alpha = golden["alpha"].get<double>()};
    EXPECT_NEAR(policy_lambda(config, golden["length"]), golden["lambda"], 1e-15);
  }
  EXPECT_EQ(policy_lambda({.lambda = 0.95}, 7), 0.95);
  EXPECT_EQ(critic_lambda({.lambda = 0.95}), 0.95);
  EXPECT_EQ(critic_lambda({.lambda = 0.95, .critic_lambda = 1.0}), 1);
}

TEST(GaeConfig, ATargetNeedsACoefficient) {
  GaeConfig config;
  try {
    read_config_text("kl_target = 0.1", "r.toml", {}, [&](ConfigSection& s) { bind(s, config); });
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "r.toml:1: \"kl_target\" adapts a coefficient of 0; set kl_coefficient");
  }
}

}  // namespace
}  // namespace deepscaler
