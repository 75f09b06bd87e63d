#include "rl/recipe.h"

#include <gtest/gtest.h>

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {
namespace {

// What validate() says of a recipe with these overrides; empty where it is content.
std::string verdict(const std::vector<std::string>& overrides) {
  Recipe recipe;
  read_config_text(R"(
    model.path = "m"
    [[stage]]
    kind = "grpo"
    steps = 1
    data.kinds = ["add"]
    data.count = 8
  )",
                   "r.toml", overrides, [&](ConfigSection& section) { bind(section, recipe); });
  try {
    validate(recipe, "r.toml");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Recipe, SamplingFromAnotherDistributionMustBeMeant) {
  EXPECT_EQ(verdict({}), "");
  const std::string refusal =
      "r.toml: stage.0 samples with top_p, top_k or min_p, so not from the policy it trains; leave them out, "
      "or "
      "set sampling.off_policy_sampling = true if that is meant";
  for (const char* option : {"top_p=0.95", "top_k=50", "min_p=0.1"}) {
    const std::string override = std::string("stage.0.sampling.") + option;
    EXPECT_EQ(verdict({override}), refusal);
    EXPECT_EQ(verdict({override, "stage.0.sampling.off_policy_sampling=true"}), "");
  }
}

}  // namespace
}  // namespace deepscaler
