// Rollout: groups of responses to problems by the present policy.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/problem.h"
#include "data/prompt_encoder.h"
#include "infer/generator.h"
#include "model/segments.h"
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

// Numbers beside the tokens of a response, one for each token. A stream that nobody asked for is empty.
struct TokenStreams {
  std::vector<float> advantages;  // credit; a response's credit is the same number for each of its tokens
  std::vector<float> values;      // a critic's, before the token
  std::vector<float> reference_log_probs;
  std::vector<float> teacher_log_probs;
  std::vector<float> entropies;          // of the policy that sampled the token
  std::vector<uint8_t> high_covariance;  // 1 for the tokens that a policy loss chose so
};

struct RolloutSample {
  Generation generation;
  std::string text;
  Verdict verdict;
  std::vector<RewardPart> rewards;  // as reward.h lists them
  std::optional<double> reward;     // their weighted sum; none where one of them could not be decided
  TokenStreams streams;

  [[nodiscard]] bool truncated() const { return generation.finish_reason == FinishReason::kLength; }
};

struct RolloutGroup {
  const Problem* problem = nullptr;
  EncodedPrompt prompt;
  std::vector<RolloutSample> samples;
  bool dropped = false;          // by dynamic sampling: recorded, not trained on
  std::string prompt_text = {};  // as the model saw it, special tokens included

  [[nodiscard]] std::vector<std::optional<double>> rewards() const;
  // The share of right answers among those that the verifier could decide; none where it decided none.
  [[nodiscard]] std::optional<double> pass_rate() const;
  // Whether the group teaches anything: some token's advantage is not zero.
  [[nodiscard]] bool has_signal() const;
};

// Samples a group of responses to each problem. Draws depend on (seed, step, problem id, sample). Where a
// problem comes twice, at the turn of an epoch, the second group has draws of its own.
[[nodiscard]] std::vector<RolloutGroup> roll_out(Generator& generator, const PromptEncoder& encoder,
                                                 const std::vector<const Problem*>& problems, int64_t samples,
                                                 const GenerationOptions& options);

// The groups as the training step takes them: prompts, and all responses. Views of the groups.
[[nodiscard]] std::vector<TokenGroup> token_groups(std::span<RolloutGroup* const> groups);

// Removes the problems whose prompts are longer than sampling.max_prompt_tokens, and returns their number. Of
// the other problems, throws Error naming the first whose prompt and a whole response exceed `context`
// tokens.
int64_t drop_long_prompts(std::vector<Problem>& problems, const PromptEncoder& encoder,
                          const RolloutConfig& config, int64_t context);

}  // namespace deepscaler
