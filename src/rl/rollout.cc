#include "rl/rollout.h"

#include <algorithm>

#include "base/parallel.h"
#include "base/rng.h"

namespace deepscaler {

bool RolloutGroup::has_signal() const {
  return std::ranges::any_of(samples, [](const RolloutSample& sample) { return sample.advantage != 0; });
}

std::vector<RolloutGroup> roll_out(Engine& engine, const PromptEncoder& encoder,
                                   const std::vector<const Problem*>& problems, int64_t samples,
                                   const SamplingOptions& options) {
  std::vector<RolloutGroup> groups;
  std::vector<GenerationRequest> requests;
  for (const Problem* problem : problems) {
    groups.push_back({problem, encoder.encode(*problem), std::vector<RolloutSample>(samples)});
    requests.push_back({groups.back().prompt.tokens, samples, hash_name(problem->id)});
  }
  engine.generate(requests, options, [&](int64_t group, int64_t sample, Generation&& generation) {
    groups[group].samples[sample].generation = std::move(generation);
  });
  for (RolloutGroup& group : groups) {
    for (RolloutSample& sample : group.samples) {
      sample.text = encoder.tokenizer().decode(sample.generation.tokens, {.skip_special_tokens = true});
    }
  }
  return groups;
}

void grade_rollout(std::vector<RolloutGroup>& groups) {
  std::vector<std::pair<RolloutGroup*, RolloutSample*>> all;
  for (RolloutGroup& group : groups) {
    for (RolloutSample& sample : group.samples) all.emplace_back(&group, &sample);
  }
  parallel_for(std::ssize(all), [&](int64_t i) {
    auto& [group, sample] = all[i];
    sample->verdict = grade(group->problem->answers, sample->text,
                            {.prompt_opened_thinking = group->prompt.opened_thinking});
    if (!sample->verdict.undecided) sample->reward = sample->verdict.score;
  });
}

}  // namespace deepscaler
