#include "rl/loss/covariance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "rl/loss/loss_goldens.h"

namespace deepscaler {
namespace {

const Rng kRng(1, {2});

class CovarianceTest : public testing::Test {
 protected:
  CovarianceTest() {
    for (size_t i = 0; i < golden_["logp"].size(); ++i) {
      tokens_.push_back({golden_["advantages"][i], golden_["logp"][i]});
    }
  }

  const nlohmann::json& golden_ = loss_goldens()["covariance"];
  const CovarianceConfig config_ = {
      .share = golden_["share"], .low = golden_["low"], .high = golden_["high"]};
  std::vector<TokenCredit> tokens_;
};

TEST_F(CovarianceTest, TheLargestAreThoseOfTheReference) {
  EXPECT_EQ(choose_by_covariance(tokens_, CovarianceChoice::kLargest, config_, kRng),
            golden_["largest"].get<std::vector<size_t>>());
  EXPECT_TRUE(choose_by_covariance(tokens_, CovarianceChoice::kNone, config_, kRng).empty());
}

TEST_F(CovarianceTest, AShareOfThoseBetweenTheBoundsIsDrawnAtRandom) {
  const auto between = golden_["between"].get<std::vector<size_t>>();
  CovarianceConfig config = config_;
  config.share = 0.1;
  const auto wanted = static_cast<size_t>(config.share * static_cast<double>(tokens_.size()));
  ASSERT_LT(wanted, between.size());
  std::set<size_t> seen;
  for (uint64_t stream = 0; stream < 50; ++stream) {
    const auto chosen =
        choose_by_covariance(tokens_, CovarianceChoice::kRandomBetweenBounds, config, Rng(1, {stream}));
    EXPECT_EQ(chosen.size(), wanted);
    EXPECT_TRUE(std::ranges::includes(between, chosen));
    EXPECT_EQ(std::ranges::adjacent_find(chosen), chosen.end()) << "drawn twice";
    seen.insert(chosen.begin(), chosen.end());
  }
  EXPECT_EQ(seen.size(), between.size());
}

TEST_F(CovarianceTest, AtLeastOneIsChosenAndAtMostAllThatThereAre) {
  CovarianceConfig few = config_;
  few.share = 1e-6;
  EXPECT_EQ(choose_by_covariance(tokens_, CovarianceChoice::kLargest, few, kRng).size(), 1u);
  CovarianceConfig none = config_;
  none.low = 100;
  EXPECT_TRUE(choose_by_covariance(tokens_, CovarianceChoice::kRandomBetweenBounds, none, kRng).empty());
  EXPECT_TRUE(choose_by_covariance({}, CovarianceChoice::kLargest, config_, kRng).empty());
}

}  // namespace
}  // namespace deepscaler
