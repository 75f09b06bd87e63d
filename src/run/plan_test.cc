#include "run/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "model/model.h"
#include "model/model_file.h"
#include "run/stages/dpo_stage.h"
#include "run/stages/gkd_stage.h"
#include "run/stages/grpo_stage.h"
#include "run/stages/reward_model_stage.h"

namespace deepscaler {
namespace {

Recipe recipe_of_tiny_model() {
  Recipe recipe;
  recipe.model.random = DEEPSCALER_GOLDENS "/../../recipes/tiny-model";
  recipe.model.dtype = "f32";
  StageConfig stage;
  stage.kind = "grpo";
  recipe.stages = {stage};
  return recipe;
}

GrpoConfig& grpo_of(Recipe& recipe) {
  return dynamic_cast<GrpoSettings&>(recipe.stages[0].settings_of_kinds["grpo"]).config;
}

RecipePlan plan_of(const Recipe& recipe) { return plan_recipe(recipe, read_model_config(recipe.start())); }

int64_t bytes_of(const MemoryPlan& plan, const std::string& part) {
  const auto found = std::ranges::find(plan.parts, part, &MemoryPart::name);
  return found == plan.parts.end() ? 0 : found->bytes;
}

TEST(Plan, CountsTheReferenceModelOfAStageThatHasOne) {
  Recipe recipe = recipe_of_tiny_model();
  EXPECT_EQ(bytes_of(plan_of(recipe).stages[0].memory, "reference model"), 0);
  grpo_of(recipe).loss.kl_coefficient = 0.001f;
  const MemoryPlan plan = plan_of(recipe).stages[0].memory;
  EXPECT_GT(bytes_of(plan, "weights"), 0);
  EXPECT_EQ(bytes_of(plan, "reference model"), bytes_of(plan, "weights"));
}

TEST(Plan, CountsAFixedModelOfItsOwnShape) {
  Recipe recipe = recipe_of_tiny_model();
  recipe.stages[0].kind = "dpo";
  auto& config = dynamic_cast<DpoSettings&>(recipe.stages[0].settings_of_kinds["dpo"]).config;
  const int64_t copy = bytes_of(plan_of(recipe).stages[0].memory, "reference model");
  EXPECT_GT(copy, 0);
  config.reference = "stage before";
  EXPECT_EQ(bytes_of(plan_of(recipe).stages[0].memory, "reference model"), copy);
  config.reference = DEEPSCALER_GOLDENS "/trl";
  const int64_t smaller = bytes_of(plan_of(recipe).stages[0].memory, "reference model");
  EXPECT_GT(smaller, 0);
  EXPECT_LT(smaller, copy);
  config.reference = "data";
  EXPECT_EQ(bytes_of(plan_of(recipe).stages[0].memory, "reference model"), 0);
}

TEST(Plan, CountsATeacherAndTheLogitsThatItShows) {
  Recipe recipe = recipe_of_tiny_model();
  recipe.stages[0].kind = "gkd";
  dynamic_cast<GkdSettings&>(recipe.stages[0].settings_of_kinds["gkd"]).config.teacher.model =
      DEEPSCALER_GOLDENS "/trl";
  const MemoryPlan plan = plan_of(recipe).stages[0].memory;
  EXPECT_GT(bytes_of(plan, "teacher model"), 0);
  EXPECT_EQ(bytes_of(plan, "teacher logits"), kHeadRows * 67 * 4);
}

TEST(Plan, CountsARewardModelWithItsGradientsAndMoments) {
  Recipe recipe = recipe_of_tiny_model();
  recipe.stages[0].kind = "reward-model";
  const MemoryPlan plan = plan_of(recipe).stages[0].memory;
  const int64_t weights = bytes_of(plan, "reward model"), gradients = bytes_of(plan, "reward gradients");
  EXPECT_GT(gradients, 0);
  EXPECT_GT(weights, gradients) << "rotary angles too";
  EXPECT_EQ(bytes_of(plan, "reward optimizer"), 2 * gradients);
  auto& config =
      dynamic_cast<RewardModelSettings&>(recipe.stages[0].settings_of_kinds["reward-model"]).config;
  config.model = DEEPSCALER_GOLDENS "/reward";
  EXPECT_LT(bytes_of(plan_of(recipe).stages[0].memory, "reward gradients"), gradients);
}

TEST(Plan, CountsAProcessRewardModelAsARewardModel) {
  Recipe recipe = recipe_of_tiny_model();
  recipe.stages[0].kind = "reward-model";
  const MemoryPlan reward = plan_of(recipe).stages[0].memory;
  recipe.stages[0].kind = "process-reward-model";
  const MemoryPlan process = plan_of(recipe).stages[0].memory;
  for (const std::string part : {"model", "gradients", "optimizer"}) {
    EXPECT_GT(bytes_of(process, "process-reward " + part), 0) << part;
    EXPECT_EQ(bytes_of(process, "process-reward " + part), bytes_of(reward, "reward " + part)) << part;
  }
}

TEST(Plan, CountsWhatIsInBf16AndTheWeightsOfTheReference) {
  Recipe recipe = recipe_of_tiny_model();
  grpo_of(recipe).loss.kl_coefficient = 0.001f;
  const MemoryPlan f32 = plan_of(recipe).stages[0].memory;
  recipe.model.dtype = "bf16";
  const MemoryPlan bf16 = plan_of(recipe).stages[0].memory;
  const int64_t rounded = bytes_of(bf16, "weights in bf16");
  EXPECT_NEAR(static_cast<double>(bytes_of(bf16, "gradients")), 2.0 * static_cast<double>(rounded), 1);
  EXPECT_EQ(bytes_of(bf16, "reference model"), bytes_of(f32, "reference model") + rounded);
  for (const char* part : {"keys and values, training", "keys and values, generation"}) {
    EXPECT_EQ(bytes_of(f32, part), 2 * bytes_of(bf16, part)) << part;
  }
}

// Keys and values are those that the samples can fill, whatever is allowed.
TEST(Plan, TheCacheIsNoLargerThanItsSamples) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "problems.jsonl";
  write_file_atomically(file, "{\"problem\": \"a\"}\n{\"problem\": \"b\"}\n");
  Recipe recipe = recipe_of_tiny_model();
  recipe.model.kv_memory_mib = 100'000;
  recipe.eval.config.sampling.max_response_tokens = 64;
  recipe.eval.data.files = {file.string()};
  const int64_t two = bytes_of(plan_of(recipe).stages[0].memory, "keys and values, generation");
  recipe.model.kv_memory_mib = 200'000;
  EXPECT_EQ(bytes_of(plan_of(recipe).stages[0].memory, "keys and values, generation"), two);
  recipe.eval.data.files = {"not there"};
  EXPECT_GT(bytes_of(plan_of(recipe).stages[0].memory, "keys and values, generation"), 100 * two);
}

TEST(Plan, TrainingAndGenerationTakeTurns) {
  const auto sum_of = [](const MemoryPlan& plan, std::initializer_list<MemoryPhase> phases) {
    int64_t sum = 0;
    for (const MemoryPart& part : plan.parts) {
      if (std::ranges::find(phases, part.phase) != phases.end()) sum += part.bytes;
    }
    return sum;
  };
  using enum MemoryPhase;
  Recipe recipe = recipe_of_tiny_model();
  recipe.token_budget = 1 << 16;
  const MemoryPlan trains = plan_of(recipe).stages[0].memory;
  EXPECT_EQ(trains.total(), sum_of(trains, {kAlways, kTraining}));
  recipe.token_budget = 1;
  grpo_of(recipe).rollout.problems_per_step = 4096;
  const MemoryPlan samples = plan_of(recipe).stages[0].memory;
  EXPECT_EQ(samples.total(), sum_of(samples, {kAlways, kGeneration}));
  EXPECT_EQ(samples.largest().phase, kGeneration);
}

}  // namespace
}  // namespace deepscaler
