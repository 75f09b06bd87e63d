#include "run/folder.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

class RunFolderTest : public testing::Test {
 protected:
  void add_checkpoint(int64_t step) const {
    const fs::path folder = run_.checkpoint(step);
    fs::create_directories(folder);
    for (const char* name : {"DONE", "state.json", "optimizer.safetensors", "model.safetensors"}) {
      write_file_atomically(folder / name, "{}");
    }
  }
  [[nodiscard]] std::set<std::string> names(const fs::path& part) const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_ / part)) all.insert(entry.path().filename());
    return all;
  }
  static std::string refusal(const fs::path& path) {
    try {
      const RunFolder run(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "run";
  const RunFolder run_{folder_};
};

using Names = std::set<std::string>;

TEST_F(RunFolderTest, OneProcessAtATimeHasIt) {
  EXPECT_NE(refusal(folder_).find("is in use by process"), std::string::npos);
}

TEST_F(RunFolderTest, OnlyAnEmptyFolderOrARunsIsTaken) {
  const fs::path other = temporary_.path() / "other";
  fs::create_directories(other);
  EXPECT_EQ(refusal(other), "");
  EXPECT_EQ(refusal(other), "") << "what a process leaves that was killed at once";
  write_file_atomically(other / "thesis.txt", "");
  EXPECT_EQ(
      refusal(other),
      other.string() + ": is there already, not empty, and not a run's folder; choose another --output");
  write_file_atomically(other / "config.toml", "");
  EXPECT_EQ(refusal(other), "");
}

TEST_F(RunFolderTest, IsCutBackToItsCheckpoint) {
  run_.cut_back({});
  for (int64_t step : {2, 4, 6}) add_checkpoint(step);
  fs::create_directories(run_.checkpoint(8).string() + ".tmp");
  run_.link("best", 6);
  for (int64_t step : {4, 5}) write_file_atomically(run_.rollouts(step), "");
  for (const char* file : {"00-start", "step-000004", "01-rl"})
    write_file_atomically(run_.evaluation(file), "");
  RunState state{.step = 4};
  state.evaluations = {{"00-start", "start"}, {"step-000004", ""}};
  run_.cut_back(state);
  EXPECT_EQ(names("checkpoints"), (Names{"step-000002", "step-000004"}));
  EXPECT_EQ(names("rollouts"), (Names{"step-000004.jsonl"}));
  EXPECT_EQ(names("eval"), (Names{"00-start.json", "step-000004.json"}));
  run_.cut_back({});
  for (const char* part : {"checkpoints", "rollouts", "eval"}) EXPECT_EQ(names(part), Names{});
}

TEST_F(RunFolderTest, KeepsTheLatestWholeAndOfOthersTheModel) {
  run_.cut_back({});
  for (int64_t step : {2, 4, 6, 8, 10}) add_checkpoint(step);
  run_.prune(2, {4, 10});
  EXPECT_EQ(names("checkpoints"), (Names{"step-000004", "step-000008", "step-000010"}));
  EXPECT_EQ(names("checkpoints/step-000004"), (Names{"DONE", "model.safetensors"}));
  EXPECT_EQ(names("checkpoints/step-000010").size(), 4u);
  EXPECT_EQ(run_.resumable(), (std::vector<int64_t>{8, 10}));
  run_.link("best", 4);
  run_.link("best", 8);  // over the old one
  EXPECT_EQ(fs::read_symlink(folder_ / "checkpoints" / "best"), "step-000008");
}

TEST(NumberedName, NeedsNoQuotes) {
  EXPECT_EQ(numbered_name(3, "RL, 112 tokens"), "03-rl-112-tokens");
  EXPECT_EQ(numbered_name(0, "../x"), "00-x");
}

}  // namespace
}  // namespace deepscaler
