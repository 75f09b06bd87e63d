// A stage kind, a policy loss and a reward from outside (toy_program.cc): a stage writes a data set, the next
// one trains on it from the weights of the recipe, a third one from those of a stage before that; killed
// anywhere, the same bits.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "program.h"
#include "run_files.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kRecipe = R"(
seed = 5
token_budget = 512
model.random = "MODEL"
prompt.text = "{problem}"
[output]
save_every = 3
[[stage]]
kind = "sft"
name = "warm up"
steps = 20
examples_per_step = 8
data.files = ["problems.jsonl"]
optimizer.lr = 1e-2
[[stage]]
kind = "copyist"
steps = 8
data.files = ["problems.jsonl"]
[[stage]]
kind = "sft"
name = "from the base"
start = "recipe"
steps = 20
data.from = "stage copyist"
optimizer.lr = 1e-2
[[stage]]
kind = "grpo"
name = "RL"
start = "stage warm up"
steps = 4
data.from = "stage copyist"
sampling = {problems_per_step = 4, samples_per_problem = 4, max_response_tokens = 12}
loss.policy = "reinforce"
loss.kl_coefficient = 0.01
reward.digits = 0.5
optimizer.lr = 1e-3
)";

class ToyKindsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder;
    std::string recipe = kRecipe;
    recipe.replace(recipe.find("MODEL"), 5, DEEPSCALER_RECIPES "/tiny-model");
    write_file_atomically(*shared_ / "recipe.toml", recipe);
    std::string problems;
    for (int i = 0; i < 8; ++i) {
      const nlohmann::json line = {{"id", std::to_string(i)},
                                   {"problem", "p" + std::to_string(i)},
                                   {"answer", std::to_string(i % 3)},
                                   {"solution", "\\boxed{" + std::to_string(i % 3) + "}"}};
      problems += line.dump() + "\n";
    }
    write_file_atomically(*shared_ / "problems.jsonl", problems);
    const auto begin = Clock::now();
    Program program(shared_->path(), {"recipe.toml", "alone"});
    program.wait();
    ASSERT_EQ(program.exit_code(), 0) << program.last_error();
    duration_ = Clock::now() - begin;
    alone_ = new Files(run_files(*shared_ / "alone"));
  }
  static void TearDownTestSuite() {
    delete alone_;
    delete shared_;
  }

  using Files = std::map<std::string, std::string>;
  static inline TemporaryFolder* shared_ = nullptr;
  static inline Files* alone_ = nullptr;
  static inline Clock::duration duration_;
};

nlohmann::json metrics_of_step(const fs::path& run, int64_t step) {
  for (const std::string& line : metrics_lines(run)) {
    const auto json = nlohmann::json::parse(line);
    if (json["step"] == step) return json;
  }
  return {};
}

TEST_F(ToyKindsTest, WhatComesFromOutsideTakesPart) {
  const fs::path run = *shared_ / "alone";
  const std::string written = read_file(run / "outputs" / "02-copyist.jsonl");
  EXPECT_EQ(std::ranges::count(written, '\n'), 16);
  // Trained from the random weights of the recipe, so its first loss is that of the warm-up's beginning.
  EXPECT_NEAR(metrics_of_step(run, 29)["loss"].get<double>(), metrics_of_step(run, 1)["loss"].get<double>(),
              0.3);
  EXPECT_LT(metrics_of_step(run, 48)["loss"].get<double>(),
            0.5 * metrics_of_step(run, 29)["loss"].get<double>());
  const auto rl = metrics_of_step(run, 49);
  EXPECT_GT(rl["rewards/digits/mean"].get<double>(), 0);
  EXPECT_GT(rl["grad_norm"].get<double>(), 0);
  EXPECT_EQ(rl["sampling/sampling_logp_difference/max"].get<double>(), 0);
  EXPECT_EQ(rl["kl"].get<double>(), 0) << "its reference is what it starts from";
}

// A run with every part that one has, evaluations apart (src/run/writer_test.cc has those).
TEST_F(ToyKindsTest, ARunLeavesTheFilesOfItsLayoutAndNoOthers) {
  const RunLayout run{*shared_ / "alone"};
  const auto own = RunLayout::own_names();
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(run.path)) names.insert(entry.path().filename());
  EXPECT_EQ(names, std::set<std::string>(own.begin(), own.end()));
  const auto files_in = [](const fs::path& folder) {
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) files.insert(entry.path());
    return files;
  };
  using Files = std::set<fs::path>;
  EXPECT_EQ(files_in(run.outputs()), Files{run.output(1, "copyist")});
  EXPECT_EQ(files_in(run.rollouts()),
            (Files{run.rollouts(49), run.rollouts(50), run.rollouts(51), run.rollouts(52)}));
  Files checkpoints;
  for (const int64_t step : {20, 28, 48, 51, 52}) checkpoints.insert(run.checkpoint(step));
  int64_t number = 0;
  for (const char* title : {"warm up", "copyist", "from the base", "RL"}) {
    checkpoints.insert(run.checkpoint_link(numbered_name(++number, title)));
  }
  EXPECT_EQ(files_in(run.checkpoints()), checkpoints);
  const CheckpointLayout last{run.checkpoint(52)};
  Files of_training;
  for (const fs::path& file : files_in(last.path)) {
    if (!fs::exists(run.checkpoint(20) / file.filename()) || file == last.done()) of_training.insert(file);
  }
  EXPECT_EQ(of_training, (Files{last.optimizer(), last.state(), last.models(), last.done()}));
}

TEST_F(ToyKindsTest, KilledAtTwentyRandomMomentsTheSameBits) {
  std::mt19937 random(7);
  for (int kills = 0; kills < 20;) {
    for (int attempt = 0; attempt < 6 && kills < 20; ++attempt) {
      Program program(shared_->path(), {"recipe.toml", "run"});
      const auto end = Clock::now() + duration_ * std::uniform_real_distribution(0.02, 0.8)(random);
      program.wait([&] { return Clock::now() >= end; });
      if (!program.running()) break;
      program.send(SIGKILL);
      program.wait();
      ++kills;
    }
    Program program(shared_->path(), {"recipe.toml", "run"});
    program.wait();
    ASSERT_EQ(program.exit_code(), 0) << program.last_error();
    const Files files = run_files(*shared_ / "run");
    EXPECT_EQ(files.size(), alone_->size());
    for (const auto& [path, bytes] : *alone_) {
      const auto found = files.find(path);
      ASSERT_NE(found, files.end()) << path << " is missing";
      EXPECT_TRUE(found->second == bytes) << path << " differs";
    }
    fs::remove_all(*shared_ / "run");
  }
}

TEST_F(ToyKindsTest, AnOutputThatWasChangedIsRefused) {
  Program first(shared_->path(), {"recipe.toml", "changed"});
  first.wait([&] { return fs::exists(*shared_ / "changed/checkpoints/step-000030/DONE"); });
  first.send(SIGKILL);
  first.wait();
  const fs::path output = *shared_ / "changed/outputs/02-copyist.jsonl";
  write_file_atomically(output, read_file(output).replace(0, 1, " {"));
  Program second(shared_->path(), {"recipe.toml", "changed"});
  second.wait();
  EXPECT_EQ(second.exit_code(), 1);
  EXPECT_EQ(second.last_error(),
            "toy_program: changed/outputs/02-copyist.jsonl: is not what the stage has written; put it back, "
            "or go on "
            "from a checkpoint inside that stage");
}

}  // namespace
}  // namespace deepscaler
