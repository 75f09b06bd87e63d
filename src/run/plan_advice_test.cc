#include "run/plan_advice.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "model/model_file.h"

namespace deepscaler {
namespace {

using Overrides = std::vector<std::string>;

// Two stages that differ in what they take: the second one's responses are long.
Recipe two_stages(const Overrides& overrides = {}) {
  const std::string text = R"(
token_budget = 8192
model.random = ")" DEEPSCALER_GOLDENS R"(/../../recipes/tiny-model"
[[stage]]
kind = "sft"
steps = 1
data.kinds = ["sub"]
data.count = 8
[[stage]]
kind = "grpo"
steps = 1
data.kinds = ["sub"]
data.count = 8
sampling.problems_per_step = 64
sampling.max_response_tokens = 128
)";
  Recipe recipe;
  read_config_text(text, "r.toml", overrides, [&](ConfigSection& section) { bind(section, recipe); });
  return recipe;
}

int64_t largest_stage(const Recipe& recipe) {
  int64_t bytes = 0;
  for (const StagePlan& stage : plan_recipe(recipe, read_model_config(recipe.start())).stages)
    bytes = std::max(bytes, stage.memory.total());
  return bytes;
}

TEST(PlanAdvice, IsTheSmallestChangeThatFits) {
  const Recipe recipe = two_stages();
  const ModelConfig model = read_model_config(recipe.start());
  const int64_t whole = largest_stage(recipe);
  const auto recomputed = advise(recipe, model, whole - 1);
  ASSERT_TRUE(recomputed);
  EXPECT_EQ(recomputed->overrides, Overrides{"recompute=layer"});
  EXPECT_LT(recomputed->bytes, whole);
  const auto several = advise(recipe, model, recomputed->bytes - 1);
  ASSERT_TRUE(several);
  EXPECT_NE(several->overrides, recomputed->overrides);
  EXPECT_LT(several->bytes, recomputed->bytes);
}

TEST(PlanAdvice, TheRecipeWithItsOverridesTakesWhatItSays) {
  const Recipe recipe = two_stages();
  const ModelConfig model = read_model_config(recipe.start());
  int64_t advices = 0, available = largest_stage(recipe) - 1;
  for (auto advice = advise(recipe, model, available); advice; advice = advise(recipe, model, available)) {
    EXPECT_EQ(largest_stage(two_stages(advice->overrides)), advice->bytes);
    EXPECT_LE(advice->bytes, available);
    available = advice->bytes - 1;
    ++advices;
  }
  EXPECT_GE(advices, 2);
  EXPECT_EQ(available + 1, largest_stage(two_stages({"recompute=layer", "model.kv_memory_mib=512",
                                                     "token_budget=1024", "stage.0.optimizer.kind=adamw-8bit",
                                                     "stage.1.optimizer.kind=adamw-8bit"})));
}

TEST(PlanAdvice, ARefusalNamesTheLargestPartAndWhatMakesItFit) {
  const Recipe recipe = two_stages();
  const RecipePlan plan = plan_recipe(recipe, read_model_config(recipe.start()));
  const int64_t whole = largest_stage(recipe);
  EXPECT_NO_THROW(require_memory(recipe, plan, whole));
  const auto refusal = [&](int64_t available) {
    try {
      require_memory(recipe, plan, available);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string message = refusal(whole - 1);
  EXPECT_NE(message.find("the largest part is program and data with"), std::string::npos) << message;
  EXPECT_NE(message.find("; add --set recompute=layer, with which it takes 0."), std::string::npos)
      << message;
  EXPECT_NE(refusal(1).find("or train an adapter (lora.rank) over a quantized model"), std::string::npos)
      << refusal(1);
}

}  // namespace
}  // namespace deepscaler
