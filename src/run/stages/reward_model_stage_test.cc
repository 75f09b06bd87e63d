#include "run/stages/reward_model_stage.h"

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "model/model.h"
#include "run/digits_test.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A stage of kind "reward-model" on pairs whose better answer is always 0.
class RewardModelTest : public PairsTest {
 protected:
  [[nodiscard]] Recipe reward_recipe(const std::vector<std::string>& overrides = {}) const {
    std::vector<std::string> all = {"stage.0.steps=3", "stage.1.kind=\"reward-model\"", "stage.1.steps=12"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return pairs_recipe(all);
  }
  [[nodiscard]] std::vector<json> steps(const std::vector<std::string>& overrides = {}) const {
    fs::remove_all(folder_ / "run");
    (void)run_recipe(reward_recipe(overrides), folder_ / "run");
    return steps_with("accuracy", folder_ / "run");
  }
  [[nodiscard]] fs::path saved() const { return folder_ / "run/checkpoints/02-reward-model/models/reward"; }
};

TEST_F(RewardModelTest, AccuracyRisesAndTheModelIsSavedAsTransformersNamesIt) {
  const auto log = steps();
  ASSERT_EQ(log.size(), 12u);
  EXPECT_NEAR(log[0]["loss"], std::log(2.0), 0.02) << "scores begin near 0";
  EXPECT_EQ(log[11]["accuracy"], 1.0);
  EXPECT_GT(log[11]["margin"], 0.5);
  EXPECT_EQ(log[11]["ties"], 0.0);
  const Model model = Model::load(saved());
  EXPECT_EQ(model.config().head, HeadKind::kSequenceScore);
  EXPECT_GT(Tokenizer::load(saved()).size(), 0);
  const json config = json::parse(read_file(saved() / "config.json"));
  EXPECT_EQ(config["architectures"], json({"LlamaForSequenceClassification"}));
  EXPECT_GT(config["std"], 0.0);
  // The policy is the cold start's still.
  EXPECT_EQ(Model::load(folder_ / "run/checkpoints/01-cold-start").hash(),
            Model::load(folder_ / "run/checkpoints/02-reward-model").hash());
}

TEST_F(RewardModelTest, EverySettingActs) {
  const auto plain = steps({"stage.1.steps=2"});
  const auto loss_with = [&](const std::vector<std::string>& changes) {
    std::vector<std::string> overrides = {"stage.1.steps=2"};
    for (const std::string& change : changes) overrides.push_back("stage.1." + change);
    return steps(overrides)[1]["loss"];
  };
  for (const char* change : {"centering=0.5", "shuffle=false", "examples_per_step=4", "eval_share=0.4"}) {
    EXPECT_NE(loss_with({change}), plain[1]["loss"]) << change;
  }
  const std::string model = "model=\"stage cold start\"", afresh = "start=\"recipe\"";
  EXPECT_EQ(loss_with({model}), plain[1]["loss"]) << "the policy of the stage's start";
  EXPECT_NE(loss_with({model, afresh}), loss_with({afresh}));
  try {
    (void)steps({"stage.1.max_tokens=9"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "stage.1.data: all 8 examples are longer than 9 tokens; raise max_tokens");
  }
}

TEST_F(RewardModelTest, HeldOutPairsAreMeasured) {
  (void)run_recipe(reward_recipe({"stage.1.eval_share=0.4", "eval.every=6"}), folder_ / "run");
  std::vector<json> evaluations;
  for (json& line : metrics(folder_ / "run")) {
    if (line.contains("eval/accuracy")) evaluations.push_back(std::move(line));
  }
  ASSERT_EQ(evaluations.size(), 2u);
  EXPECT_EQ(evaluations[1]["eval/accuracy"], 1.0);
  EXPECT_LT(evaluations[1]["eval/loss"], evaluations[0]["eval/loss"]);
  EXPECT_EQ(evaluations[1]["eval/longer_preferred"], 0.5) << "all answers have one length";
}

TEST_F(RewardModelTest, APointwiseModelTellsGoodAnswersFromBad) {
  std::string lines;
  for (int i = 0; i < 8; ++i) {
    lines += json{{"prompt", "p" + std::to_string(i)},
                  {"completion", fmt::format("\\boxed{{{}}}", i % 2)},
                  {"label", i % 2 == 0}}
                 .dump() +
             "\n";
  }
  write_file_atomically(folder_ / "rated.jsonl", lines);
  const auto log = steps({"stage.1.loss=\"pointwise\"", "stage.1.steps=20",
                          fmt::format("stage.1.data.files=[\"{}\"]", (folder_ / "rated.jsonl").string())});
  EXPECT_EQ(log[19]["accuracy"], 1.0);
  EXPECT_LT(log[19]["loss"], log[0]["loss"]);
  EXPECT_FALSE(log[0].contains("margin"));
}

TEST_F(RewardModelTest, OneThatGoesOnIsTheOneLeftAlone) {
  (void)run_recipe(reward_recipe(), folder_ / "whole");
  for (int64_t last = 4; last < 15; last += 5) {
    (void)run_recipe(reward_recipe({"output.save_every=1"}), folder_ / "parts", {.last_step = last});
  }
  (void)run_recipe(reward_recipe({"output.save_every=1"}), folder_ / "parts");
  const char* file = "checkpoints/02-reward-model/models/reward/model.safetensors";
  EXPECT_EQ(read_file(folder_ / "whole" / file), read_file(folder_ / "parts" / file));
  EXPECT_EQ(log(folder_ / "whole"), log(folder_ / "parts"));
}

// A reward model of two stages before raises its score in the stage that follows.
TEST_F(RewardModelTest, IsARewardOfALaterStage) {
  const std::string stages = fmt::format(R"(
[[stage]]
kind = "sft"
name = "cold start"
steps = 60
data.files = ["{0}"]
optimizer.lr = 1e-2
[[stage]]
kind = "reward-model"
name = "scores"
steps = 12
data.files = ["{1}"]
optimizer.lr = 5e-3
[[stage]]
kind = "grpo"
steps = 12
data.files = ["{0}"]
sampling = {{problems_per_step = 4, samples_per_problem = 4, max_response_tokens = 12}}
reward.accuracy = 0.0
optimizer.lr = 1e-3
[[stage.reward.model]]
name = "zeros"
model = "stage scores"
)",
                                         problems().string(), pairs().string());
  (void)run_recipe(recipe_of(stages, {}), folder_ / "run");
  std::vector<double> rewards;
  for (const json& step : metrics(folder_ / "run")) {
    if (step.contains("rewards/zeros/mean")) rewards.push_back(step["rewards/zeros/mean"]);
  }
  ASSERT_EQ(rewards.size(), 12u);
  EXPECT_GT(mean_reward(rewards, 9, 3), mean_reward(rewards, 0, 3) + 0.2);
  EXPECT_FALSE(fs::exists(folder_ / "run/checkpoints/03-grpo/models/reward")) << "it is gone with its stage";
  try {
    (void)run_recipe(recipe_of(stages, {"stage.2.reward.model.0.model=\"stage cold start\""}),
                     folder_ / "other");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("scores nothing: it is a language model; name a reward model"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace deepscaler
