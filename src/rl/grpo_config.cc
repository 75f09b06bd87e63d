#include "rl/grpo_config.h"

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {

void bind(ConfigSection& s, GrpoConfig& c) {
  s.field("steps", c.steps, "rollouts, each followed by its updates").at_least(1).required();
  s.section("prompt", c.prompt, "what a problem's text gets beside what [prompt] says");
  s.section("sampling", c.rollout, "what a rollout is made of");
  s.section("loss", c.loss, "how rewards become a gradient");
  s.section("reward", c.reward, "what a response is rewarded for");
}

void validate(const GrpoConfig& config, const std::string& where) {
  if (config.rollout.problems_per_step < config.loss.mini_batches) {
    throw Error(where, "has more loss.mini_batches than sampling.problems_per_step",
                "a mini-batch is made of whole groups");
  }
  require_fewer_responses(where + ".sampling", config.rollout.problems_per_step,
                          config.rollout.samples_per_problem);
  if (!config.rollout.off_policy_sampling && !config.rollout.sampling.draws_from_the_model()) {
    throw Error(where,
                "samples with top_p, top_k, min_p or repetition_penalty, so not from the policy it trains",
                "leave them out, or set sampling.off_policy_sampling = true if that is meant");
  }
  validate(config.reward, where + ".reward");
}

}  // namespace deepscaler
