#include "rl/loss/entropy_target.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

TEST(EntropyTarget, TheCoefficientFollowsTheEntropyWithinItsBounds) {
  const EntropyTargetConfig config = {.target = 0.5, .step = 0.25, .max = 0.5};
  EntropyControl control = {.coefficient = 0.125};
  EXPECT_EQ(control.applied(config), 0.125) << "nothing has been seen yet";
  control.observe(config, 0.75);
  EXPECT_EQ(control.coefficient, 0);
  control.observe(config, 0.5);
  EXPECT_EQ(control.coefficient, 0.25);
  EXPECT_EQ(control.applied(config), 0.25) << "at the target there is a bonus";
  control.observe(config, 0.25);
  control.observe(config, 0.25);
  EXPECT_EQ(control.coefficient, 0.5);
  control.observe(config, 0.75);
  EXPECT_EQ(control.coefficient, 0.25);
  EXPECT_EQ(control.applied(config), 0) << "above the target there is none";
}

}  // namespace
}  // namespace deepscaler
