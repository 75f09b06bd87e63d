#include "run/recipe_changes.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

constexpr const char* kRecipe = R"(
model.random = "m"
[[stage]]
kind = "sft"
steps = 5
data.kinds = ["add"]
data.count = 4
[[stage]]
kind = "grpo"
steps = 10
data.kinds = ["add"]
data.count = 4
[[stage]]
kind = "grpo"
steps = 20
data.kinds = ["add"]
data.count = 4
)";

Recipe recipe(const std::vector<std::string>& overrides) {
  Recipe result;
  read_config_text(kRecipe, "recipe.toml", overrides, [&](ConfigSection& s) { bind(s, result); });
  return result;
}

// The paths that are refused when the recipe changes by the overrides in stage 1, after 4 of its steps.
std::vector<std::string> refused(const std::vector<std::string>& overrides,
                                 const std::vector<std::string>& always = {}) {
  std::vector<std::string> after = always;
  after.insert(after.end(), overrides.begin(), overrides.end());
  std::vector<std::string> paths;
  for (const auto& d : forbidden_changes(recipe(always), recipe(after), {.stage = 1, .stage_step = 4})) {
    paths.push_back(d.path);
  }
  return paths;
}

using Paths = std::vector<std::string>;

TEST(RecipeChanges, WhatHadAnEffectStaysAsItWas) {
  EXPECT_EQ(refused({}), Paths{});
  EXPECT_EQ(refused({"seed=2", "stage.0.steps=6", "stage.1.optimizer.lr=0.5", "eval.samples=2"}),
            (Paths{"seed", "eval.samples", "stage.0.steps", "stage.1.optimizer.lr"}));
  EXPECT_EQ(refused({"stage.0.kind=grpo"}).front(), "stage.0.kind");
}

TEST(RecipeChanges, WhatHasHadNoneMayChange) {
  EXPECT_EQ(refused({"output.save_every=3", "model.kv_memory_mib=7", "token_budget=99"}), Paths{});
  EXPECT_EQ(refused({"stage.2.steps=6", "stage.2.optimizer.lr=0.5", "stage.2.name=x"}), Paths{});
  EXPECT_EQ(refused({"stage.2.kind=sft"}), Paths{});
}

TEST(RecipeChanges, StagesToComeMayBeAddedAndLeftOut) {
  const Recipe three = recipe({});
  Recipe two = three, four = three;
  two.stages.pop_back();
  four.stages.push_back(three.stages[1]);
  const RunState in_second{.stage = 1, .stage_step = 4};
  EXPECT_TRUE(forbidden_changes(three, two, in_second).empty());
  EXPECT_TRUE(forbidden_changes(three, four, in_second).empty());
  EXPECT_FALSE(forbidden_changes(three, two, {.stage = 2, .stage_step = 1}).empty());
}

TEST(RecipeChanges, TheStageUnderWayMayGetOtherStepsWhereNothingDependsOnThem) {
  EXPECT_EQ(refused({"stage.1.steps=100"}), Paths{});
  EXPECT_EQ(refused({"stage.1.steps=4"}), Paths{});
  EXPECT_EQ(refused({"stage.1.steps=3"}), Paths{"stage.1.steps"});  // it has done more
  EXPECT_EQ(refused({"stage.1.steps=100"}, {"stage.1.optimizer.schedule=cosine"}), Paths{"stage.1.steps"});
  EXPECT_EQ(refused({"stage.1.steps=100"}, {"stage.1.until.plateau=2"}), Paths{"stage.1.steps"});
}

}  // namespace
}  // namespace deepscaler
