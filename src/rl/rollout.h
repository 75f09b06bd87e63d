// Rollout: groups of responses to problems by the present policy, graded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "data/problem.h"
#include "data/prompt_encoder.h"
#include "infer/engine.h"
#include "verify/grade.h"

namespace deepscaler {

struct RolloutSample {
  Generation generation;
  std::string text;
  Verdict verdict;
  std::optional<double> reward;  // none where the verifier could not decide
  float advantage = 0;
};

struct RolloutGroup {
  const Problem* problem = nullptr;
  EncodedPrompt prompt;
  std::vector<RolloutSample> samples;

  // Whether the group teaches anything: some advantage is not zero.
  [[nodiscard]] bool has_signal() const;
};

// Samples a group of responses for each problem. Draws depend on (seed, step, problem id, sample).
[[nodiscard]] std::vector<RolloutGroup> roll_out(Engine& engine, const PromptEncoder& encoder,
                                                 const std::vector<const Problem*>& problems, int64_t samples,
                                                 const SamplingOptions& options);

// The accuracy reward: 1 where the boxed answer equals the reference, else 0.
void grade_rollout(std::vector<RolloutGroup>& groups);

}  // namespace deepscaler
