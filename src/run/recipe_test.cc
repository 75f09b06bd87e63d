#include "run/recipe.h"

#include <gtest/gtest.h>

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {
namespace {

// What validate() says of a recipe with these overrides; empty where it is content.
std::string verdict(const std::vector<std::string>& overrides) {
  Recipe recipe;
  try {
    read_config_text(R"(
    model.path = "m"
    [[stage]]
    kind = "grpo"
    steps = 1
    data.kinds = ["add"]
    data.count = 8
  )",
                     "r.toml", overrides, [&](ConfigSection& section) { bind(section, recipe); });
    validate(recipe, "r.toml");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Recipe, SamplingFromAnotherDistributionMustBeMeant) {
  EXPECT_EQ(verdict({}), "");
  const std::string refusal =
      "r.toml: stage.0: samples with top_p, top_k, min_p or repetition_penalty, so not from the policy it "
      "trains; leave them out, or set sampling.off_policy_sampling = true if that is meant";
  for (const char* option : {"top_p=0.95", "top_k=50", "min_p=0.1", "repetition_penalty=1.1"}) {
    const std::string override = std::string("stage.0.sampling.") + option;
    EXPECT_EQ(verdict({override}), refusal);
    EXPECT_EQ(verdict({override, "stage.0.sampling.off_policy_sampling=true"}), "");
  }
}

TEST(Recipe, AGroupOfTheMostLikelyResponseIsRefused) {
  EXPECT_EQ(verdict({"stage.0.sampling.temperature=0"}),
            "--set stage.0.sampling.temperature=0: \"stage.0.sampling.temperature\" is 0: all responses of a "
            "group would be equal; give one above 0; log-probabilities are those at this temperature");
}

}  // namespace
}  // namespace deepscaler
