// Rewards: what a response is worth. Each reward has a name and a weight; a sample's reward is the
// weighted sum of its parts, which are kept and logged one by one.
//
//   accuracy   1 where the answer is right, else 0 (data/grading.h)
//   format     1 where the response has the form asked for, else 0 (reward_format.h)
//   language   share of the words of the thinking that are in the target language (text/unicode/language.h;
//              DeepSeek-R1, section 2.3.2)
//   length     short right answers gain, long wrong ones lose, within a group (reward_length.h)
//   overlong   DAPO's penalty in [-1, 0] for coming close to the length limit (reward_length.h)
//   NAME       what an external program says (reward_command.h)
//
// What could not be decided is none, never a zero: its sample leaves the group's statistics. What fails is
// an Error of the run.
#pragma once

#include <string>
#include <vector>

#include "rl/reward/reward_command.h"
#include "rl/reward/reward_format.h"
#include "rl/rollout/rollout.h"
#include "text/unicode/language.h"

namespace deepscaler {

// [stage.reward]: a weight for each reward by its name; those of weight 0 are not computed, but for
// accuracy, which is always reported.
struct RewardConfig {
  double accuracy = 1;
  double format = 0;
  ResponseForm response_form = ResponseForm::kThinkBoxed;
  double language = 0;
  Language target_language = Language::kEnglish;
  double length = 0;
  double overlong = 0;
  int64_t overlong_buffer_tokens = 512;  // before the limit, over which the penalty grows
  std::vector<CommandRewardConfig> commands;
  float max_undecided_share = 0.1f;  // of a step's samples; the run stops above it
};

void bind(ConfigSection& section, RewardConfig& config);

// Throws Error naming `where` for a command without a program, or whose name is not a word of its own.
void validate(const RewardConfig& config, const std::string& where);

// Sets verdict, rewards and reward of every sample; `max_response_tokens` is the limit they were sampled
// with. Throws Error where a program fails, and Interrupted when the user asks to stop.
void grade_rollout(std::vector<RolloutGroup>& groups, const RewardConfig& config,
                   int64_t max_response_tokens);

}  // namespace deepscaler
