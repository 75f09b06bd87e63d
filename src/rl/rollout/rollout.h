// Rollout: groups of responses to problems by the present policy.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/problem.h"
#include "data/prompt_encoder.h"
#include "infer/engine.h"
#include "verify/grade.h"

namespace deepscaler {

class ConfigSection;

// [stage.sampling]: what a rollout is made of.
struct RolloutConfig {
  int64_t problems_per_step = 8;
  int64_t samples_per_problem = 8;
  std::optional<int64_t> max_prompt_tokens;  // problems with longer prompts are left out of the stage
  SamplingConfig sampling;
  // top_p, top_k, min_p and repetition_penalty draw from another distribution than the one whose
  // log-probabilities are recorded and trained on, so they must be asked for twice.
  bool off_policy_sampling = false;
  int64_t resample_rounds = 0;  // of replacing groups whose rewards are all equal; 0 keeps them
};

void bind(ConfigSection& section, RolloutConfig& config);

// One reward of a sample by its name.
struct RewardPart {
  std::string name;
  std::optional<double> value;  // not yet weighted; none where it could not be decided
  double weight = 1;
};

struct RolloutSample {
  Generation generation;
  std::string text;
  Verdict verdict;
  std::vector<RewardPart> rewards;  // as reward.h lists them
  std::optional<double> reward;     // their weighted sum; none where one of them could not be decided
  float advantage = 0;
  std::vector<float> reference_log_probs;  // of each token; empty where the loss uses no reference

  [[nodiscard]] bool truncated() const { return generation.finish_reason == FinishReason::kLength; }
};

struct RolloutGroup {
  const Problem* problem = nullptr;
  EncodedPrompt prompt;
  std::vector<RolloutSample> samples;
  bool dropped = false;  // by dynamic sampling: recorded, not trained on

  [[nodiscard]] std::vector<std::optional<double>> rewards() const;
  // Whether the group teaches anything: some advantage is not zero.
  [[nodiscard]] bool has_signal() const;
};

// Samples a group of responses for each problem. Draws depend on (seed, step, problem id, sample); where a
// problem comes twice, at the turn of an epoch, the second group has draws of its own.
[[nodiscard]] std::vector<RolloutGroup> roll_out(Engine& engine, const PromptEncoder& encoder,
                                                 const std::vector<const Problem*>& problems, int64_t samples,
                                                 const GenerationOptions& options);

// Removes the problems whose prompts are longer than sampling.max_prompt_tokens and returns their number.
// Throws Error naming the first one that is left whose prompt and a whole response exceed `context` tokens.
int64_t drop_long_prompts(std::vector<Problem>& problems, const PromptEncoder& encoder,
                          const RolloutConfig& config, int64_t context);

}  // namespace deepscaler
