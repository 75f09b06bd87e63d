// A whole run on a tiny model: the reward rises, training is exactly on-policy, and a repeated run ends
// in the same weights.
#include "run/loop.h"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "model/model.h"
#include "run/digits_test.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

TEST_F(RunTest, TheRewardOfTheTinyRecipeRises) {
  const auto evaluations = run_recipe(tiny_recipe(), folder_).evaluations;
  ASSERT_EQ(evaluations.size(), 3u);
  std::vector<double> rewards;
  for (const json& step : metrics(folder_)) {
    if (!step.contains("reward")) continue;
    rewards.push_back(step["reward"]);
    EXPECT_GT(step["time/peak_share"], 0);
    if (step.contains("sampling/sampling_logp_difference/max")) {
      EXPECT_EQ(step["sampling/sampling_logp_difference/max"], 0.0) << "step " << step["step"];
    }
  }
  // A step's reward is of 16 problems: only means over many steps tell a rise from chance.
  const size_t fifth = rewards.size() / 5;
  ASSERT_GE(fifth, 20u);
  EXPECT_GT(mean_reward(rewards, rewards.size() - fifth, fifth), mean_reward(rewards, 0, fifth) + 0.05);
  const Interval gain = paired_difference(evaluations[1].report.outcomes(), evaluations[2].report.outcomes());
  EXPECT_GT(gain.low, 0) << "RL's gain on held-out problems is not significant";
}

TEST_F(DigitsTest, AHintStandsBelowTheProblemsOfRlAlone) {
  const auto prompts = [&](const char* share) {
    const fs::path run = folder_ / fmt::format("hint-{}", share);
    (void)run_recipe(digits_recipe({"stage.0.steps=1", "stage.1.steps=1",
                                    fmt::format("stage.1.prompt.hint_share={}", share)}),
                     run);
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator(run / "rollouts")) {
      if (entry.is_regular_file()) text += read_file(entry.path());
    }
    return text;
  };
  EXPECT_NE(prompts("1.0").find("p1\\n\\nHint, the beginning of a solution:\\n\\\\boxed{1}"),
            std::string::npos);
  EXPECT_EQ(prompts("0.0").find("Hint"), std::string::npos);
}

TEST_F(DigitsTest, ARepeatedRunEndsInTheSameBitsOnAnyNumberOfThreads) {
  std::vector<std::string> hashes, logs;
  for (int threads : {1, 2, 2}) {
    set_thread_count(threads);
    const fs::path run = folder_ / std::to_string(hashes.size());
    EXPECT_TRUE(run_recipe(digits_recipe(), run).complete);
    hashes.push_back(Model::load(run / "checkpoints" / "02-rl").hash());
    logs.push_back(log(run));
    EXPECT_EQ(read_file(run / "rollouts" / "step-000064.jsonl"),
              read_file(folder_ / "0" / "rollouts" / "step-000064.jsonl"));
    EXPECT_EQ(read_file(run / "eval" / "02-rl.json"), read_file(folder_ / "0" / "eval" / "02-rl.json"));
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[1], hashes[2]);
  EXPECT_EQ(logs[0], logs[1]);
  EXPECT_EQ(logs[1], logs[2]);
  int rl_steps = 0;
  for (const json& step : metrics(folder_ / "0")) {
    if (!step.contains("reward")) continue;
    ++rl_steps;
    EXPECT_GT(step["grad_norm"], 0.0) << "step " << step["step"] << " teaches nothing, so it proves nothing";
  }
  EXPECT_EQ(rl_steps, 4);
}

TEST_F(DigitsTest, EverySettingOfSamplingActsOnRolloutsAndEvaluations) {
  const std::map<std::string_view, std::string> others = {{"temperature", "0.1"},
                                                          {"top_p", "0.2"},
                                                          {"top_k", "2"},
                                                          {"min_p", "0.9"},
                                                          {"repetition_penalty", "50"},
                                                          {"max_response_tokens", "3"}};
  const auto responses = [&](const std::vector<std::string>& overrides) {
    std::vector<std::string> all = {"stage.0.steps=1", "stage.1.steps=1",
                                    "stage.1.sampling.off_policy_sampling=true"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    const TemporaryFolder run;
    (void)run_recipe(digits_recipe(all), run.path());
    std::vector<std::string> texts;
    for (const char* file : {"rollouts/step-000002.jsonl", "eval/00-start.json"})
      texts.push_back(read_file(run / file));
    // The settings stand in a report: what counts here is what it has beside them.
    json report = json::parse(texts[1]);
    report.erase("settings");
    return std::pair(texts[0], report.dump());
  };
  const auto plain = responses({});
  const SamplingConfig settings;
  for_each_setting(settings, [&](std::string_view name, auto) {
    ASSERT_TRUE(others.contains(name)) << name << " is new: give it a value here";
    const auto changed = responses({fmt::format("stage.1.sampling.{}={}", name, others.at(name)),
                                    fmt::format("eval.{}={}", name, others.at(name))});
    EXPECT_NE(changed.first, plain.first) << name << " changes nothing in rollouts";
    EXPECT_NE(changed.second, plain.second) << name << " changes nothing in evaluations";
  });
}

TEST_F(DigitsTest, ProblemsWithoutAnAnswerAreCountedAndSaid) {
  write_file_atomically(folder_ / "problems.jsonl", read_file(folder_ / "problems.jsonl") +
                                                        "{\"problem\": \"p\", \"answer\": null}\n"
                                                        "{\"problem\": \"q\", \"answer\": \"\"}\n");
  testing::internal::CaptureStderr();
  Recipe recipe = digits_recipe({"stage.1.steps=1"});
  recipe.stages.erase(recipe.stages.begin());
  (void)run_recipe(recipe, folder_ / "run");
  const std::string said = testing::internal::GetCapturedStderr();
  for (const char* section : {"stage.0.data", "eval.data"}) {
    EXPECT_NE(
        said.find(fmt::format("warning: {}: 2 of 10 problems have no answer and are left out", section)),
        std::string::npos)
        << said;
  }
}

TEST_F(DigitsTest, AFilesNameDecidesNothing) {
  fs::copy_file(folder_ / "problems.jsonl", folder_ / "countdown.jsonl");
  Recipe recipe = digits_recipe();
  for (StageConfig& stage : recipe.stages) stage.data.files = {folder_ / "countdown.jsonl"};
  recipe.eval.data.files = {folder_ / "countdown.jsonl"};
  const auto evaluations = run_recipe(recipe, folder_ / "run").evaluations;
  ASSERT_EQ(evaluations.size(), 3u);
  EXPECT_EQ(evaluations.back().report.undecided_share(), 0);
  EXPECT_GT(evaluations.back().report.pass_at_1().mean, 0);
}

TEST_F(DigitsTest, ARunWithMoreStepsGoesOnAsIfItHadHadThemFromTheStart) {
  (void)run_recipe(digits_recipe({"stage.1.steps=2"}), folder_ / "grown");
  (void)run_recipe(digits_recipe(), folder_ / "grown");
  (void)run_recipe(digits_recipe(), folder_ / "whole");
  EXPECT_EQ(Model::load(folder_ / "grown/checkpoints/02-rl").hash(),
            Model::load(folder_ / "whole/checkpoints/02-rl").hash());
  const auto grown = metrics(folder_ / "grown"), whole = metrics(folder_ / "whole");
  EXPECT_EQ(grown.size(), whole.size() + 1) << "the evaluation at the old end stays";
  EXPECT_EQ(grown.back()["eval/pass@1"], whole.back()["eval/pass@1"]);
}

TEST_F(DigitsTest, ARunStartsFromAnotherRunsCheckpoint) {
  const Recipe both = digits_recipe({"eval.every=2"});
  EXPECT_EQ(run_recipe(both, folder_ / "both").evaluations.size(), 3u);
  Recipe second = digits_recipe();
  second.model = {.path = folder_ / "both/checkpoints/01-sft"};
  second.stages.erase(second.stages.begin());
  const auto evaluations = run_recipe(second, folder_ / "second").evaluations;
  ASSERT_EQ(evaluations.size(), 2u);
  // It begins where the other run's first stage ended.
  EXPECT_EQ(metrics(folder_ / "second").front()["eval/mean_length"],
            metrics(folder_ / "both")[90]["eval/mean_length"]);
  second.model.path = folder_ / "both/checkpoints/best";
  EXPECT_TRUE(run_recipe(second, folder_ / "third").complete);
}

TEST_F(DigitsTest, AStageEvaluatesAtItsOwnIntervalsAndWithItsOwnSamples) {
  const auto result = run_recipe(
      digits_recipe({"stage.0.eval.at_end=false", "stage.1.eval.every=3", "stage.1.eval.samples=2"}),
      folder_ / "run");
  ASSERT_EQ(result.evaluations.size(), 2u) << "the start, and the end of the second stage";
  EXPECT_EQ(result.evaluations[0].report.settings.config.samples, 1);
  EXPECT_EQ(result.evaluations[1].report.settings.config.samples, 2);
  EXPECT_TRUE(fs::exists(folder_ / "run/eval/step-000063.json"));
}

TEST_F(DigitsTest, APlateauEndsAStageAndItsLastEvaluationIsTheStages) {
  // With a learning rate of 0 every evaluation is the same.
  const auto result = run_recipe(digits_recipe({"eval.every=1", "eval.temperature=0",
                                                "stage.1.optimizer.lr=0", "stage.1.until.plateau=2"}),
                                 folder_ / "run");
  ASSERT_EQ(result.evaluations.size(), 3u);
  EXPECT_EQ(result.evaluations[2].title, "RL");
  EXPECT_EQ(result.step, 63);
  EXPECT_TRUE(fs::exists(folder_ / "run/checkpoints/02-rl/model.safetensors"));
}

TEST_F(RunTest, AFolderInUseIsRefused) {
  write_file_atomically(folder_ / "x", "");
  try {
    (void)run_recipe(tiny_recipe(), folder_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(
        error.what(),
        folder_.string() + ": is there already, not empty, and not a run's folder; choose another --output");
  }
  EXPECT_EQ(read_file(folder_ / "x"), "");
}

}  // namespace
}  // namespace deepscaler
