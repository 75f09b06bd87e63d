#include "track/run_layout.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

TEST(RunLayout, NamesOfStepsAndStagesReadBack) {
  EXPECT_EQ(numbered_name(2, "RL, 48 tokens"), "02-rl-48-tokens");
  EXPECT_EQ(numbered_name(100, "?"), "100");
  EXPECT_EQ(number_in("eval/02-rl-48-tokens.json"), 2);
  EXPECT_EQ(number_in("eval/100-rl.json"), 100);
  EXPECT_EQ(number_in("100.json"), 100);
  for (const char* other : {"step-000002.json", "2nd.json", "-2-rl.json", "rl.json", ""}) {
    EXPECT_EQ(number_in(other), std::nullopt) << other;
  }
  EXPECT_EQ(step_name(20), "step-000020");
  EXPECT_EQ(step_in("checkpoints/step-000020"), 20);
  EXPECT_EQ(step_in("step-1234567.jsonl"), 1234567);
  for (const char* other : {"step-", "step-2x.jsonl", "02-step", "best", "step--2"}) {
    EXPECT_EQ(step_in(other), std::nullopt) << other;
  }
}

TEST(RunLayout, WithoutAFolderNamesAreRelative) {
  EXPECT_EQ(RunLayout().checkpoint(20), "checkpoints/step-000020");
  EXPECT_EQ(RunLayout{"runs/a"}.output(1, "copyist"), "runs/a/outputs/02-copyist.jsonl");
}

TEST(RunLayout, ListsWhatIsThere) {
  const TemporaryFolder folder;
  const RunLayout run{folder.path()};
  EXPECT_EQ(run.rollout_steps(), std::vector<int64_t>());
  EXPECT_TRUE(run.stage_evaluations().empty());
  for (const fs::path& part : {run.rollouts(), run.evaluations(), run.checkpoints()})
    fs::create_directory(part);
  for (const int64_t step : {12, 3}) {
    write_file_atomically(run.rollouts(step), "");
    write_file_atomically(run.rollouts(step).string() + ".tmp", "");
    fs::create_directory(run.checkpoint(step));
  }
  fs::create_directory(run.checkpoint(20).string() + ".tmp");
  fs::create_directory_symlink(step_name(12), run.best());
  for (const char* name : {"02-rl", "00-start", "100-last", "step-000012"}) {
    write_file_atomically(run.evaluation(name), "");
  }
  EXPECT_EQ(run.rollout_steps(), (std::vector<int64_t>{3, 12}));
  EXPECT_EQ(run.checkpoint_steps(), (std::vector<int64_t>{3, 12}));
  std::vector<std::pair<int64_t, fs::path>> evaluations = {
      {0, run.evaluation("00-start")}, {2, run.evaluation("02-rl")}, {100, run.evaluation("100-last")}};
  EXPECT_EQ(run.stage_evaluations(), evaluations);
  EXPECT_FALSE(run.is_run());
  write_file_atomically(run.config(), "");
  write_file_atomically(run.manifest(), "");
  EXPECT_TRUE(run.is_run());
}

// "A run's folder" in docs/architecture.md: the first names of its lines, without what they stand in.
TEST(RunLayout, TheManualHasTheSameNames) {
  const std::string manual =
      read_file(fs::path(DEEPSCALER_GOLDENS).parent_path().parent_path() / "docs" / "architecture.md");
  const size_t begin = manual.find("    runs/NAME/  ");
  ASSERT_NE(begin, std::string::npos);
  std::istringstream lines(manual.substr(begin, manual.find("\n\n", begin) - begin));
  std::set<std::string> named;
  const std::regex name("^    (?:runs/NAME/  |            )([a-z][a-z.]*)");
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_search(line, match, name)) named.insert(match[1]);
  }
  const auto own = RunLayout::own_names();
  std::set<std::string> ours(own.begin(), own.end());
  ours.insert(RunLayout().report());
  EXPECT_EQ(named, ours);
}

}  // namespace
}  // namespace deepscaler
