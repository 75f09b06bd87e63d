// What a run leaves in its folder, what of it is cleared, and that a process which only reads leaves nothing.
#include "run/writer.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "run/loop.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string>;

class RunWriterTest : public testing::Test {
 protected:
  void add_checkpoint(int64_t step) const {
    const CheckpointLayout checkpoint{run_.checkpoint(step)};
    fs::create_directories(checkpoint.path);
    for (const fs::path& file : {checkpoint.done(), checkpoint.state(), checkpoint.optimizer(),
                                 checkpoint.path / "model.safetensors"}) {
      write_file_atomically(file, "{}");
    }
  }
  static Names names(const fs::path& part) {
    Names all;
    for (const auto& entry : fs::directory_iterator(part)) all.insert(entry.path().filename());
    return all;
  }

  const TemporaryFolder temporary_;
  const RunFolder folder_{temporary_ / "run"};
  const RunLayout& run_ = folder_.layout();
  RunWriter writer_{folder_};
};

TEST_F(RunWriterTest, TheFolderIsCutBackToItsCheckpoint) {
  writer_.cut_back({});
  for (int64_t step : {2, 4, 6}) add_checkpoint(step);
  fs::create_directories(run_.checkpoint(8).string() + ".tmp");
  writer_.link(run_.best(), 6);
  for (int64_t step : {4, 5}) writer_.rollouts(step, "");
  for (const char* name : {"00-start", "step-000004", "01-rl"})
    write_file_atomically(run_.evaluation(name), "");
  for (int64_t stage : {0, 1}) {
    writer_.output(stage, "s", "{}\n");
    writer_.output(stage, "s", "{}\n");
  }
  RunState state{.step = 4};
  state.evaluations = {{"00-start", "start"}, {"step-000004", ""}};
  state.outputs = {{.stage = 0, .bytes = 3}};
  writer_.cut_back(state);
  EXPECT_EQ(names(run_.checkpoints()), (Names{"step-000002", "step-000004"}));
  EXPECT_EQ(names(run_.rollouts()), (Names{"step-000004.jsonl"}));
  EXPECT_EQ(names(run_.evaluations()), (Names{"00-start.json", "step-000004.json"}));
  EXPECT_EQ(names(run_.outputs()), (Names{"01-s.jsonl"}));
  EXPECT_EQ(read_file(run_.output(0, "s")), "{}\n");
  writer_.cut_back({});
  for (const fs::path& part : {run_.checkpoints(), run_.rollouts(), run_.evaluations(), run_.outputs()}) {
    EXPECT_EQ(names(part), Names{});
  }
}

TEST_F(RunWriterTest, KeepsTheLatestWholeAndOfOthersTheModel) {
  writer_.cut_back({});
  for (int64_t step : {2, 4, 6, 8, 10}) add_checkpoint(step);
  writer_.prune(2, 0, {4, 10});
  EXPECT_EQ(names(run_.checkpoints()), (Names{"step-000004", "step-000008", "step-000010"}));
  EXPECT_EQ(names(run_.checkpoint(4)), (Names{"DONE", "model.safetensors"}));
  EXPECT_EQ(names(run_.checkpoint(10)).size(), 4u);
  EXPECT_EQ(folder_.resumable(), (std::vector<int64_t>{8, 10}));
  add_checkpoint(12);
  writer_.prune(1, 5, {4});  // 10 is whole every fifth step
  EXPECT_EQ(folder_.resumable(), (std::vector<int64_t>{10, 12}));
  add_checkpoint(8);
  writer_.link(run_.best(), 4);
  writer_.link(run_.best(), 8);  // over the old one
  EXPECT_EQ(fs::read_symlink(run_.best()), "step-000008");
}

TEST_F(RunWriterTest, WhatIsItsOwnBelongsToTheRun) {
  writer_.config("");
  EXPECT_EQ(run_that_owns(run_.metrics()), std::nullopt) << "no run yet";
  writer_.manifest({});
  const fs::path path = fs::canonical(run_.path);
  for (const std::string_view name : RunLayout::own_names()) {
    for (const fs::path& file :
         {run_.path / name, run_.path / name / "x", run_.path / (std::string(name) + ".tmp")}) {
      EXPECT_EQ(run_that_owns(file), path) << file;
    }
  }
  for (const fs::path& other : {run_.report(), run_.path / "mine.jsonl", run_.path / "mine.tmp", run_.path}) {
    EXPECT_EQ(run_that_owns(other), std::nullopt) << other;
  }
}

// A run of two stages with evaluations, by the names that its layout gives.
class WrittenRunTest : public testing::Test {
 protected:
  WrittenRunTest() {
    const fs::path model =
        fs::path(DEEPSCALER_GOLDENS).parent_path().parent_path() / "recipes" / "tiny-model";
    const std::string text = fmt::format(R"(
model.random = "{}"
prompt.text = "{{problem}}"
output = {{save_every = 2, keep_last = 2}}
eval = {{every = 2, max_response_tokens = 4, data = {{kinds = ["sub"], count = 2}}}}
[[stage]]
kind = "sft"
name = "warm up"
steps = 3
examples_per_step = 2
data = {{kinds = ["sub"], count = 4}}
[[stage]]
kind = "grpo"
name = "RL"
steps = 2
data = {{kinds = ["sub"], count = 4}}
sampling = {{problems_per_step = 2, samples_per_problem = 2, max_response_tokens = 4}}
loss.kl_coefficient = 0.01
)",
                                         model.string());
    read_config_text(text, "r.toml", {}, [&](ConfigSection& s) { bind(s, recipe_); });
  }
  using Files = std::map<std::string, std::string>;  // by path in the folder: bytes, or where a link leads
  [[nodiscard]] Files files() const {
    Files all;
    for (const auto& entry : fs::recursive_directory_iterator(run_.path)) {
      if (entry.is_directory() && !entry.is_symlink()) continue;
      const std::string name = entry.path().lexically_relative(run_.path);
      all[name] = entry.is_symlink() ? fs::read_symlink(entry.path()).string() : read_file(entry.path());
    }
    return all;
  }

  const TemporaryFolder temporary_;
  const RunLayout run_{temporary_ / "run"};
  Recipe recipe_;
};

TEST_F(WrittenRunTest, LeavesTheFilesOfItsLayoutAndNoOthers) {
  ASSERT_TRUE(run_recipe(recipe_, run_.path).complete);
  const RunLayout relative;
  std::set<fs::path> expected = {relative.config(),      relative.manifest(), relative.metrics(),
                                 relative.events(),      relative.lock(),     relative.best(),
                                 relative.checkpointed()};
  for (const int64_t step : {4, 5}) expected.insert(relative.rollouts(step));
  for (const std::string& name :
       {numbered_name(0, "start"), step_name(2), numbered_name(1, "warm up"), numbered_name(2, "RL")}) {
    expected.insert(relative.evaluation(name));
  }
  for (const auto& [number, title] : {std::pair(1, "warm up"), std::pair(2, "RL")}) {
    expected.insert(relative.checkpoint_link(numbered_name(number, title)));
  }
  // Of the end of the first stage, and of the best evaluation, the model; the last two whole.
  std::set<int64_t> models = {3, 4, 5};
  models.insert(*step_in(fs::read_symlink(run_.best())));
  for (const int64_t step : models) {
    const CheckpointLayout checkpoint{relative.checkpoint(step)};
    std::set<fs::path> folders = {checkpoint.path};
    if (step >= 4) {
      folders.insert(checkpoint.models() / kReference);
      expected.insert({checkpoint.state(), checkpoint.optimizer()});
    }
    for (const fs::path& folder : folders) {
      for (const char* name : {"model.safetensors", "config.json"}) expected.insert(folder / name);
    }
    for (const char* name : {"tokenizer.json", "tokenizer_config.json"})
      expected.insert(checkpoint.path / name);
    expected.insert(checkpoint.done());
  }
  std::set<fs::path> left;
  for (const auto& [name, bytes] : files()) left.insert(name);
  EXPECT_EQ(left, expected);
}

// As the other ranks of a distributed run: the same evaluations, and not one byte in the folder.
TEST_F(WrittenRunTest, IsComputedBesideTheWriterAndNothingIsWritten) {
  recipe_.output.keep_last = 10;
  const RunResult written = run_recipe(recipe_, run_.path);
  for (const int64_t step : {3, 4, 5}) fs::remove_all(run_.checkpoint(step));  // goes on from step 2
  const Files before = files();
  const RunResult beside = run_recipe(recipe_, run_.path, {.access = FolderAccess::kRead});
  EXPECT_TRUE(beside.complete);
  EXPECT_EQ(beside.step, written.step);
  EXPECT_EQ(beside.evaluations.size(), written.evaluations.size());
  EXPECT_EQ(files(), before);
}

}  // namespace
}  // namespace deepscaler
