// A reward of the user's own: an external program that reads samples as JSON lines and writes one line for
// each, in the same order.
//
//   in:  {"id", "sample", "problem", "answers": [...], "solution", "record": {...}, "prompt", "response",
//         "tokens", "finish_reason", "accuracy": 1 | 0 | null}
//   out: a number, or {"reward": number}; null for a sample that it can't decide
//
// The program is started once a rollout; with resample_rounds once a round. Its failure is an Error of the
// run, never a zero: it can't be started, takes too long (its process group is then killed), exits with
// another code than 0, or writes anything but one such line a sample.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rl/rollout/rollout.h"

namespace deepscaler {

// Bounds that keep the squares of weighted rewards within a float. For both signs.
inline constexpr double kLargestReward = 1e9;
inline constexpr double kLargestRewardWeight = 1e6;

// [[stage.reward.command]]
struct CommandRewardConfig {
  std::string name;                  // of the reward, in metrics and rollouts
  std::vector<std::string> program;  // and its arguments; looked up in PATH, no shell
  double weight = 1;
  double time_limit_s = 60;  // for all samples of a rollout
};

void bind(ConfigSection& section, CommandRewardConfig& config);

// Throws Error naming `where` for a program that can't be started, or an interpreter's script that is not
// there. Called before the first step, since a rollout would find out late.
void require_program(const CommandRewardConfig& config, const std::string& where);

// The rewards of all samples, group by group. Throws Error, and Interrupted when the user asks to stop.
[[nodiscard]] std::vector<std::optional<double>> command_rewards(const CommandRewardConfig& config,
                                                                 const std::vector<RolloutGroup>& groups);

}  // namespace deepscaler
