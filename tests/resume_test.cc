// A run that is killed or stopped, at any moment, and started again is the run left alone: the same weights,
// moments, logs, rollouts and evaluations, bit for bit. All with the program itself, from outside.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "program.h"
#include "run_files.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A cold start that teaches the tiny model to answer with a boxed digit, two stages of RL, in which it is
// right often enough for a gradient, one on preference pairs, two with a teacher, one that trains a reward
// model and one with a critic; with every feature that has a state: a schedule, moments that are kept,
// evaluations inside stages, a rule that ends one early, a reference model that is refreshed and kept.
constexpr const char* kRecipe = R"(
seed = 5
token_budget = 512
model.random = "MODEL"
prompt.text = "{problem}"
[eval]
every = 3
samples = 4
max_response_tokens = 12
temperature = 1.0
data.files = ["problems.jsonl"]
[output]
save_every = 2
[[stage]]
kind = "sft"
name = "cold start"
steps = 60
examples_per_step = 8
data.files = ["problems.jsonl"]
optimizer.lr = 1e-2
optimizer.schedule = "cosine"
optimizer.warmup_steps = 3
[[stage]]
kind = "grpo"
name = "RL"
steps = 5
data.files = ["problems.jsonl"]
sampling.problems_per_step = 4
sampling.samples_per_problem = 4
sampling.max_response_tokens = 12
loss.mini_batches = 2
loss.kl_coefficient = 0.01
loss.reference_every_rollouts = 2
loss.entropy_target = 0.2
optimizer.lr = 1e-3
optimizer.start = "keep"
[[stage]]
kind = "grpo"
name = "RL, longer"
steps = 50
data.files = ["problems.jsonl"]
sampling.problems_per_step = 4
sampling.samples_per_problem = 4
sampling.max_response_tokens = 16
loss.kl_coefficient = 0.01
loss.reference = "keep"
optimizer.lr = 1e-3
until.clipped_ratio = 0.0
until.window = 6
[[stage]]
kind = "dpo"
name = "pairs"
steps = 3
examples_per_step = 3
reference = "stage cold start"
data.files = ["pairs.jsonl"]
optimizer.lr = 1e-3
[[stage]]
kind = "gkd"
name = "distributions"
steps = 4
examples_per_step = 3
teacher.model = "stage RL"
sampling.max_response_tokens = 12
data.files = ["problems.jsonl"]
optimizer.lr = 1e-3
[[stage]]
kind = "distill"
name = "credit"
steps = 3
teacher.model = "stage RL"
reward.accuracy = 1.0
sampling.problems_per_step = 2
sampling.samples_per_problem = 2
sampling.max_response_tokens = 12
data.files = ["problems.jsonl"]
optimizer.lr = 1e-3
[[stage]]
kind = "reward-model"
name = "scores"
steps = 3
examples_per_step = 3
eval_share = 0.3
data.files = ["pairs.jsonl"]
optimizer.lr = 1e-3
[[stage]]
kind = "process-reward-model"
name = "steps"
steps = 3
examples_per_step = 3
eval_files = ["steps.jsonl"]
data.files = ["steps.jsonl"]
optimizer.lr = 1e-3
[[stage]]
kind = "ppo"
name = "critic"
steps = 4
data.files = ["problems.jsonl"]
sampling.problems_per_step = 4
sampling.samples_per_problem = 4
sampling.max_response_tokens = 12
loss.mini_batches = 2
gae.kl_coefficient = 0.01
gae.kl_target = 0.1
critic.model = "stage scores"
critic.warmup_steps = 1
critic.optimizer.lr = 1e-3
optimizer.lr = 1e-3
)";

class ResumeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder;
    std::string recipe = kRecipe;
    recipe.replace(recipe.find("MODEL"), 5, DEEPSCALER_RECIPES "/tiny-model");
    write_file_atomically(*shared_ / "recipe.toml", recipe);
    std::string problems, pairs, steps;
    for (int i = 0; i < 8; ++i) {
      const nlohmann::json line = {{"id", std::to_string(i)},
                                   {"problem", "p" + std::to_string(i)},
                                   {"answer", std::to_string(i % 3)},
                                   {"solution", "\\boxed{" + std::to_string(i % 3) + "}"}};
      problems += line.dump() + "\n";
      const nlohmann::json pair = {{"prompt", "p" + std::to_string(i)},
                                   {"chosen", "\\boxed{" + std::to_string(i % 3) + "}"},
                                   {"rejected", "\\boxed{" + std::to_string((i + 1) % 3) + "}"}};
      pairs += pair.dump() + "\n";
      const nlohmann::json step = {{"prompt", "p" + std::to_string(i)},
                                   {"completions", {"0", std::to_string(i % 3)}},
                                   {"labels", {true, i % 3 == 0}}};
      steps += step.dump() + "\n";
    }
    write_file_atomically(*shared_ / "problems.jsonl", problems);
    write_file_atomically(*shared_ / "pairs.jsonl", pairs);
    write_file_atomically(*shared_ / "steps.jsonl", steps);
    const auto begin = Clock::now();
    Program program(shared_->path(), train("alone"));
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

  static std::vector<std::string> train(const std::string& run, int threads = 1) {
    return {"train", "recipe.toml", "--output", run, "--threads", std::to_string(threads)};
  }
  [[nodiscard]] fs::path folder() const { return shared_->path(); }
  [[nodiscard]] fs::path run() const { return *shared_ / "run"; }

  // Lets the run go on to its end, compares it with the one left alone, and returns what it printed.
  std::string expect_the_same_end() {
    Program program(folder(), train("run"));
    program.wait();
    EXPECT_EQ(program.exit_code(), 0) << program.last_error();
    const Files files = run_files(run());
    for (const auto& [path, bytes] : *alone_) {
      const auto found = files.find(path);
      EXPECT_TRUE(found != files.end()) << path << " is missing";
      if (found != files.end()) EXPECT_TRUE(found->second == bytes) << path << " differs";
    }
    for (const auto& [path, bytes] : files) EXPECT_TRUE(alone_->contains(path)) << path << " is too much";
    return program.output();
  }

  // Whether the folder of checkpoints has one that is being written.
  [[nodiscard]] bool saving() const {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(run() / "checkpoints", error)) {
      if (entry.path().extension() == ".tmp" && fs::exists(entry.path() / "model.safetensors.tmp"))
        return true;
    }
    return false;
  }
  // Whether the evaluation after step 3 has begun and has not ended: its checkpoint is there.
  [[nodiscard]] bool evaluating() const {
    return fs::exists(run() / "checkpoints" / "step-000003" / "DONE") &&
           !fs::exists(run() / "eval" / "step-000003.json");
  }

  void TearDown() override { fs::remove_all(run()); }

  static inline TemporaryFolder* shared_ = nullptr;
  static inline Files* alone_ = nullptr;
  static inline Clock::duration duration_;
};

TEST_F(ResumeTest, TheRunItselfHasEverythingThatCouldGetLost) {
  const auto lines = metrics_lines(folder() / "alone");
  int with_gradient = 0, steps = 0, evaluations = 0;
  for (const auto& line : lines) {
    const auto json = nlohmann::json::parse(line);
    evaluations += json.contains("eval/pass@1");
    if (!json.contains("reward")) continue;
    ++steps;
    with_gradient += json.value("grad_norm", 0.0) > 0.0;
  }
  EXPECT_EQ(steps, 18) << "5 steps, 6 of 50 by stage.2.until, 3 with a teacher and 4 with a critic";
  EXPECT_GE(with_gradient, 8);
  EXPECT_GE(evaluations, 10);
  for (const char* path :
       {"checkpoints/best", "checkpoints/01-cold-start", "checkpoints/03-rl-longer",
        "checkpoints/04-pairs/model.safetensors", "checkpoints/06-credit/model.safetensors",
        "checkpoints/07-scores/models/reward/model.safetensors",
        "checkpoints/08-steps/models/process-reward/model.safetensors",
        "checkpoints/09-critic/models/critic/optimizer.safetensors"}) {
    EXPECT_TRUE(fs::exists(folder() / "alone" / path)) << path;
  }
}

TEST_F(ResumeTest, SigkillAtTwentyRandomMoments) {
  std::mt19937 random(20);
  for (int kills = 0; kills < 20;) {
    for (int attempt = 0; attempt < 8 && kills < 20; ++attempt) {
      Program program(folder(), train("run", 1 + attempt % 2));
      const auto end = Clock::now() + duration_ * std::uniform_real_distribution(0.02, 0.6)(random);
      program.wait([&] { return Clock::now() >= end; });
      if (!program.running()) {
        ASSERT_EQ(program.exit_code(), 0) << program.last_error();
        break;
      }
      program.send(SIGKILL);
      program.wait();
      ++kills;
    }
    (void)expect_the_same_end();
    fs::remove_all(run());
  }
}

TEST_F(ResumeTest, SigkillInsideTheWriteOfACheckpoint) {
  int inside = 0;
  for (int attempt = 0; attempt < 20 && inside < 2; ++attempt) {
    Program program(folder(), train("run"));
    program.wait([&] { return saving(); });
    if (!program.running()) break;
    program.send(SIGKILL);
    program.wait();
    inside += saving();
  }
  EXPECT_GE(inside, 1) << "the write was over before the kill, every time";
  (void)expect_the_same_end();
}

TEST_F(ResumeTest, SigkillInsideAnEvaluation) {
  bool inside = false;
  for (int attempt = 0; attempt < 20 && !inside; ++attempt) {
    fs::remove_all(run());
    Program program(folder(), train("run"));
    program.wait([&] { return evaluating(); });
    program.send(SIGKILL);
    program.wait();
    inside = evaluating();
  }
  EXPECT_TRUE(inside) << "the evaluation was over before the kill, every time";
  (void)expect_the_same_end();
}

TEST_F(ResumeTest, SigtermSavesWhatIsDoneAndSaysHowToGoOn) {
  for (size_t lines : {5, 70}) {
    Program program(folder(), train("run"));
    program.wait([&] { return metrics_lines(run()).size() >= lines; });
    ASSERT_TRUE(program.running());
    program.send(SIGTERM);
    program.wait();
    ASSERT_EQ(program.exit_code(), 0) << program.last_error();
    std::string step = nlohmann::json::parse(metrics_lines(run()).back())["step"].dump();
    EXPECT_EQ(program.output(),
              "stopped after step " + step + ", which is saved; the same command goes on from there\n");
    step.insert(0, 6 - step.size(), '0');
    EXPECT_TRUE(fs::exists(run() / "checkpoints" / ("step-" + step) / "DONE"));
  }
  const std::string table = expect_the_same_end();
  EXPECT_EQ(expect_the_same_end(), table) << "once more: nothing is left to do, the table is the same";
}

TEST_F(ResumeTest, SigtermInTheFirstEvaluationLeavesNothingToSave) {
  Program program(folder(), train("run"));
  program.wait([&] { return fs::exists(run() / "manifest.json"); });
  program.send(SIGTERM);
  program.wait();
  EXPECT_EQ(program.exit_code(), 0);
  EXPECT_TRUE(program.output().starts_with("stopped after step ")) << program.output();
  (void)expect_the_same_end();
}

TEST_F(ResumeTest, ASecondProcessIsRefused) {
  Program first(folder(), train("run"));
  first.wait([&] { return fs::exists(run() / "config.toml"); });
  ASSERT_TRUE(first.running());
  fs::create_directories(folder() / "second");
  Program second(folder() / "second", {"train", "../recipe.toml", "--output", "../run"});
  second.wait();
  EXPECT_EQ(second.exit_code(), 1);
  EXPECT_EQ(second.last_error(), "deepscaler: ../run: is in use by process " + std::to_string(first.id()) +
                                     "; wait until that process ends, or stop it");
  first.wait();
  EXPECT_EQ(first.exit_code(), 0);
  (void)expect_the_same_end();
}

TEST_F(ResumeTest, AFullDiskLeavesTheLastCheckpoint) {
  {
    Program program(folder(), train("run"));
    program.wait([&] { return fs::exists(run() / "checkpoints" / "step-000004" / "DONE"); });
    program.send(SIGKILL);
    program.wait();
  }
  // No room for a model; the records still fit.
  Program program(folder(), train("run"), {.file_bytes = 200'000});
  program.wait();
  EXPECT_EQ(program.exit_code(), 1);
  EXPECT_NE(
      program.last_error().find("can't write: File too large; check that the folder exists, is writable "
                                "and has space left"),
      std::string::npos)
      << program.last_error();
  EXPECT_NE(read_file(folder() / "stderr").find("is the last checkpoint: the same command goes on from it\n"),
            std::string::npos);
  EXPECT_FALSE(saving());
  (void)expect_the_same_end();
}

TEST_F(ResumeTest, AChangedRecipeIsRefusedWithItsKeys) {
  auto changed = train("alone");
  changed.insert(changed.end(), {"--set", "stage.0.optimizer.lr=0.5", "--set", "seed=6"});
  Program program(folder(), changed);
  program.wait();
  EXPECT_EQ(program.exit_code(), 1);
  EXPECT_EQ(
      program.last_error(),
      "deepscaler: alone: the run was begun with another recipe: seed = 6 (was 5), "
      "stage.0.optimizer.lr = 0.5 (was 0.01); change it back, or choose another --output to begin a new run");
  auto inexact = train("alone");
  inexact.insert(inexact.end(), {"--set", "token_budget=256"});
  Program other_bits(folder(), inexact);
  other_bits.wait();
  EXPECT_EQ(other_bits.exit_code(), 1);
  EXPECT_EQ(
      other_bits.last_error(),
      "deepscaler: alone: would go on in other bits than it was begun with: token_budget: 512, now 256; "
      "give --allow-inexact to go on all the same");
  EXPECT_TRUE(run_files(folder() / "alone") == *alone_) << "a refusal must change nothing";
}

}  // namespace
}  // namespace deepscaler
