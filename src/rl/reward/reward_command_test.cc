#include "rl/reward/reward_command.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/error.h"

namespace deepscaler {
namespace {

class CommandRewardTest : public testing::Test {
 protected:
  CommandRewardTest() {
    for (const Problem& problem : problems_) {
      groups_.push_back({&problem, {}, std::vector<RolloutSample>(2)});
      for (RolloutSample& sample : groups_.back().samples) sample.text = "It is \\boxed{4}.\nSo \xff it is.";
    }
    groups_[1].samples[1].verdict.undecided = true;
  }
  std::vector<std::optional<double>> rewards(const std::string& script, double time_limit_s = 30) const {
    return command_rewards({.name = "mine", .program = {"sh", "-c", script}, .time_limit_s = time_limit_s},
                           groups_);
  }
  std::string refusal(const std::string& script, double time_limit_s = 30) const {
    try {
      (void)rewards(script, time_limit_s);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  const std::vector<Problem> problems_ = {{.id = "a", .problem = "2 + 2?", .answers = {"4"}},
                                          {.id = "b", .problem = "1 + 2?", .answers = {"3"}}};
  std::vector<RolloutGroup> groups_;
};

TEST_F(CommandRewardTest, OneLineASampleInOrder) {
  using Rewards = std::vector<std::optional<double>>;
  EXPECT_EQ(rewards("printf '1\\n{\"reward\": 0.5, \"why\": \"so\"}\\nnull\\n-2e-1'"),
            (Rewards{1, 0.5, std::nullopt, -0.2}));
  EXPECT_EQ(rewards("grep -c . >/dev/null; printf '1\\n1\\n1\\n1\\n'"), (Rewards{1, 1, 1, 1}));
  // What it is told: problem b has number 0 for its first sample and no accuracy for its second.
  EXPECT_EQ(rewards("while read -r line; do case $line in *'\"id\":\"b\",\"sample\":0'*) echo 3;; "
                    "*'\"accuracy\":null'*) echo 4;; *) echo 1;; esac; done"),
            (Rewards{1, 1, 3, 4}));
}

TEST_F(CommandRewardTest, ToldAllOfTheRecord) {
  Problem problem = problems_[0];
  problem.solution = "2 + 2 = 4";
  problem.record = R"({"topic":"sums","tests":[1,2]})";
  groups_ = {{&problem, {}, std::vector<RolloutSample>(1)}};
  groups_[0].prompt_text = "<user>2 + 2?";
  const std::string line =
      R"({"id":"a","sample":0,"problem":"2 + 2?","answers":["4"],"solution":"2 + 2 = 4",)"
      R"("record":{"topic":"sums","tests":[1,2]},"prompt":"<user>2 + 2?","response":"","tokens":0,)"
      R"("finish_reason":"length","accuracy":0.0})";
  EXPECT_EQ(
      rewards("read -r line; [ \"$line\" = '" + line + "' ] && echo 1 || { echo \"$line\" >&2; exit 1; }"),
      (std::vector<std::optional<double>>{1}));
}

TEST_F(CommandRewardTest, WhatCanNotStartIsFoundBefore) {
  const auto said = [](std::vector<std::string> program) -> std::string {
    try {
      require_program({.name = "mine", .program = std::move(program)}, "r.toml: stage.1.reward");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(said({"sh", "-c", "nothing to look for"}), "");
  EXPECT_EQ(
      said({"nosuchprogram"}),
      "r.toml: stage.1.reward: reward mine: can't start nosuchprogram: there is no such program; check the "
      "program's path and permissions");
  EXPECT_EQ(said({"/etc/passwd"}),
            "r.toml: stage.1.reward: reward mine: can't start /etc/passwd: it is not executable; check the "
            "program's path and permissions");
  EXPECT_EQ(
      said({"sh", "rewards/none.sh"}),
      "r.toml: stage.1.reward: reward mine: sh has no script rewards/none.sh to run; check the path; it "
      "starts at the folder from which deepscaler is run");
}

TEST_F(CommandRewardTest, WhatGoesWrongIsAnErrorNeverAZero) {
  const std::string form = "; answer each line with a number, {\"reward\": number} or null";
  const std::string ones = "printf '1\\n1\\n1\\n'; ";
  EXPECT_EQ(refusal(ones), "reward mine: answered 3 lines for 4 samples" + form);
  EXPECT_EQ(refusal(ones + "printf '1\\n1\\n'"),
            "reward mine: answered more than 4 lines for 4 samples" + form);
  EXPECT_EQ(refusal(ones + "echo good"), "reward mine: line 4: answered 'good'" + form);
  EXPECT_EQ(refusal(ones + "echo NaN"), "reward mine: line 4: answered 'NaN'" + form);
  EXPECT_EQ(refusal(ones + "echo 1e999"), "reward mine: line 4: answered '1e999'" + form);
  EXPECT_EQ(
      refusal(ones + "echo -1e300"),
      "reward mine: line 4: answered -1e+300, whose square is beyond what advantages hold; give rewards from "
      "-1000000000 to 1000000000");
  EXPECT_EQ(refusal(ones + "echo '\"1\"'"), "reward mine: line 4: answered '\"1\"'" + form);
  EXPECT_EQ(refusal(ones + "echo '{\"score\": 1}'"), "reward mine: line 4: answered '{\"score\": 1}'" + form);
  EXPECT_EQ(refusal(ones + "echo '{\"reward\": true}'"),
            "reward mine: line 4: answered '{\"reward\": true}'" + form);
  EXPECT_EQ(refusal(ones + "echo"), "reward mine: line 4: answered ''" + form);
  EXPECT_EQ(refusal("echo out of memory >&2; exit 1"),
            "reward mine: exited with code 1 (it said: out of memory); mend the program");
  EXPECT_EQ(refusal(ones + "kill -9 $$"), "reward mine: was ended by signal 9; mend the program");
  EXPECT_EQ(refusal("sleep 60", 0.2),
            "reward mine: did not finish within 0.2 s; make it faster or allow it more time");
}

}  // namespace
}  // namespace deepscaler
