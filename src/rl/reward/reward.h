// Rewards: what a response is worth. Each reward has a name and a weight. A sample's reward is the weighted
// sum of its parts; each part is kept and logged too. For a response that was cut at the length limit
// truncated_scale scales the sum (ProRL v2's "stop properly": NVIDIA, 2025).
//
//   accuracy   1 where the answer is right, else 0 (data/grading.h)
//   format     1 where the response has the form asked for, else 0 (reward_format.h)
//   language   share of the words of the thinking that are in the target language (text/unicode/language.h;
//              DeepSeek-R1, section 2.3.2)
//   length     short right answers gain, long wrong ones lose, within a group (reward_length.h)
//   overlong   DAPO's penalty in [-1, 0] for coming close to the length limit (reward_length.h)
//   NAME       what an external program says (reward_command.h), or a reward model (reward_model.h)
//
// A reward that can't be decided is none, never a zero, and its sample is left out of the group's statistics.
// A reward that fails is an Error of the run.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rl/reward/reward_command.h"
#include "rl/reward/reward_format.h"
#include "rl/reward/reward_model.h"
#include "rl/rollout/rollout.h"
#include "text/unicode/language.h"

namespace deepscaler {

struct RewardConfig;

// The input of a built-in reward: a group with its texts and verdicts, and the settings.
struct RewardInput {
  const RolloutGroup& group;
  const RewardConfig& config;
  int64_t max_response_tokens = 0;  // the limit that responses were sampled with
};

// A kind of reward: all that the rest of the program knows of it.
struct RewardKind {
  std::string_view name;         // its weight's key in a recipe; in metrics and rollouts
  std::string_view description;  // of the weight, for the manual
  // A number for each sample of the group, in its order; nothing for one that can't be decided. Thread-safe.
  std::vector<std::optional<double>> (*rewards)(const RewardInput& input) = nullptr;
};

// The kinds of reward_kinds.cc, accuracy first, then those that programs which link the library have added.
// Not thread-safe while kinds are added.
[[nodiscard]] std::span<const RewardKind> reward_kinds();
void add_reward_kind(const RewardKind& kind);

// [stage.reward]
struct RewardConfig {
  RewardConfig();  // accuracy 1, all others 0

  // In the order of reward_kinds(). A kind of weight 0 is not computed; accuracy always is, and is reported.
  std::vector<double> weights;
  [[nodiscard]] double accuracy() const { return weights.front(); }
  ResponseForm response_form = ResponseForm::kThinkBoxed;
  Language target_language = Language::kEnglish;
  int64_t overlong_buffer_tokens = 512;  // before the limit, over which the penalty grows
  std::vector<CommandRewardConfig> commands;
  std::vector<ModelRewardConfig> models;
  double truncated_scale = 1;        // of the whole reward of a response that was cut at the limit
  float max_undecided_share = 0.1f;  // of a step's samples; the run stops above it
};

void bind(ConfigSection& section, RewardConfig& config);

// Throws Error naming `where` for a command without a program, and for a command or a model whose name is not
// a word of its own.
void validate(const RewardConfig& config, const std::string& where);

// Sets verdict, rewards and reward of every sample; `max_response_tokens` is the limit they were sampled
// with, and `scorers` are those of config.models. Throws Error where a program fails, and Interrupted when
// the user asks to stop.
void grade_rollout(std::vector<RolloutGroup>& groups, const RewardConfig& config, int64_t max_response_tokens,
                   std::span<const RewardScorer> scorers = {});

}  // namespace deepscaler
