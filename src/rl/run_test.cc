// A whole run on a tiny model: the reward rises, training is exactly on-policy, and a repeated run ends
// in the same weights.
#include "rl/run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/test_folder.h"
#include "model/model.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kRoot = fs::path(DEEPSCALER_GOLDENS).parent_path().parent_path();

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::current_path(kRoot);  // recipes name files from the top of the tree
  }
  void TearDown() override { set_thread_count(0); }

  static Recipe tiny_recipe(const std::vector<std::string>& overrides = {}) {
    return read_config<Recipe>(kRoot / "recipes" / "tiny.toml", overrides);
  }
  [[nodiscard]] std::vector<json> metrics(const fs::path& run) const {
    std::vector<json> steps;
    std::istringstream lines(read_file(run / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) steps.push_back(json::parse(line));
    return steps;
  }

  TestFolder folder_holder_;
  const fs::path folder_ = folder_holder_.path();
};

double mean_reward(const std::vector<double>& rewards, size_t first, size_t count) {
  double sum = 0;
  for (size_t i = first; i < first + count; ++i) sum += rewards[i];
  return sum / static_cast<double>(count);
}

TEST_F(RunTest, TheRewardOfTheTinyRecipeRises) {
  const auto evaluations = run_recipe(tiny_recipe(), folder_).evaluations;
  ASSERT_EQ(evaluations.size(), 3u);
  std::vector<double> rewards;
  for (const json& step : metrics(folder_)) {
    if (!step.contains("reward")) continue;
    rewards.push_back(step["reward"]);
    if (step.contains("sampling/sampling_logp_difference/max")) {
      EXPECT_EQ(step["sampling/sampling_logp_difference/max"], 0.0) << "step " << step["step"];
    }
  }
  ASSERT_GE(rewards.size(), 20u);
  EXPECT_GT(mean_reward(rewards, rewards.size() - 8, 8), mean_reward(rewards, 0, 8) + 0.1);
  const Interval gain = paired_difference(evaluations[1].report.outcomes(), evaluations[2].report.outcomes());
  EXPECT_GT(gain.low, 0) << "RL's gain on held-out problems is not significant";
}

TEST_F(RunTest, ARepeatedRunEndsInTheSameBitsOnAnyNumberOfThreads) {
  const auto recipe = tiny_recipe({"stage.0.steps=12", "stage.1.steps=3", "eval.data.count=10"});
  std::vector<std::string> hashes, logs;
  for (int threads : {1, 2, 2}) {
    set_thread_count(threads);
    const fs::path run = folder_ / std::to_string(hashes.size());
    (void)run_recipe(recipe, run);
    hashes.push_back(Model::load(run / "checkpoints" / "02-rl").hash());
    std::string log;
    for (json step : metrics(run)) {
      std::erase_if(step.get_ref<json::object_t&>(),
                    [](const auto& entry) { return entry.first.starts_with("time/"); });
      log += step.dump();
    }
    logs.push_back(log);
    EXPECT_EQ(read_file(run / "rollouts" / "step-000015.jsonl"),
              read_file(folder_ / "0" / "rollouts" / "step-000015.jsonl"));
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[1], hashes[2]);
  EXPECT_EQ(logs[0], logs[1]);
  EXPECT_EQ(logs[1], logs[2]);
}

TEST_F(RunTest, AFolderInUseIsRefused) {
  write_file_atomically(folder_ / "x", "");
  EXPECT_THROW((void)run_recipe(tiny_recipe(), folder_), Error);
  EXPECT_EQ(read_file(folder_ / "x"), "");
}

}  // namespace
}  // namespace deepscaler
