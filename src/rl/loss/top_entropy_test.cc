#include "rl/loss/top_entropy.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "rl/loss/loss_goldens.h"

namespace deepscaler {
namespace {

TEST(TopEntropy, TheThresholdIsTorchsQuantile) {
  const auto& golden = loss_goldens()["top_entropy"];
  const auto entropies = golden["entropies"].get<std::vector<float>>();
  for (size_t i = 0; i < golden["shares"].size(); ++i) {
    EXPECT_NEAR(entropy_threshold(entropies, golden["shares"][i]), golden["thresholds"][i].get<double>(),
                1e-6);
  }
}

TEST(TopEntropy, OneTokenIsAlwaysUncertainEnough) {
  EXPECT_EQ(entropy_threshold(std::vector<float>{0.5f}, 0.2), 0.5);
}

}  // namespace
}  // namespace deepscaler
