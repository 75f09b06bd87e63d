#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace deepscaler {
namespace {

const std::vector<std::string> kKeys = {"lr", "weight_decay", "beta1", "beta2", "group_size"};

TEST(Nearest, FindsSlipsAndAbbreviations) {
  EXPECT_EQ(nearest_name("learning_rate", kKeys), "lr");
  EXPECT_EQ(nearest_name("weigth_decay", kKeys), "weight_decay");
  EXPECT_EQ(nearest_name("gs", kKeys), "group_size");
  EXPECT_EQ(nearest_name("beta3", kKeys), "beta1");
  EXPECT_EQ(nearest_name("groupsize", kKeys), "group_size");
}

TEST(Nearest, SaysNothingRatherThanNonsense) {
  EXPECT_EQ(nearest_name("momentum", kKeys), std::nullopt);
  EXPECT_EQ(nearest_name("", kKeys), std::nullopt);
  EXPECT_EQ(nearest_name("x", {}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'x'), kKeys), std::nullopt);
}

TEST(Nearest, Suggests) {
  EXPECT_EQ(suggest_name("bta1", kKeys), "did you mean \"beta1\"?");
  EXPECT_EQ(suggest_name("momentum", kKeys), "known are lr, weight_decay, beta1, beta2, group_size");
}

}  // namespace
}  // namespace deepscaler
