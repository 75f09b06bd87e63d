#include "rl/rollout/rollout.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/config.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/rng.h"

namespace deepscaler {

void bind(ConfigSection& s, RolloutConfig& c) {
  s.field("problems_per_step", c.problems_per_step, "problems a rollout").range(1, 1 << 20);
  s.field("samples_per_problem", c.samples_per_problem, "responses a problem, the group").range(2, 1 << 16);
  s.field("max_prompt_tokens", c.max_prompt_tokens, "problems with longer prompts are left out, in tokens")
      .at_least(1);
  bind(s, c.sampling);
  s.require(c.sampling.temperature > 0, "temperature", "is 0: all responses of a group would be equal",
            "give one above 0; log-probabilities are those at this temperature");
  s.field("off_policy_sampling", c.off_policy_sampling,
          "allow top_p, top_k, min_p and repetition_penalty, though log-probabilities are those of the whole "
          "distribution");
  s.field("resample_rounds", c.resample_rounds,
          "times that groups with equal rewards are replaced by new problems, 0 to keep them")
      .range(0, 1024);
}

std::vector<std::optional<double>> RolloutGroup::rewards() const {
  std::vector<std::optional<double>> result;
  for (const RolloutSample& sample : samples) result.push_back(sample.reward);
  return result;
}

std::optional<double> RolloutGroup::pass_rate() const {
  double decided = 0, right = 0;
  for (const RolloutSample& sample : samples) {
    decided += !sample.verdict.undecided;
    right += !sample.verdict.undecided && sample.verdict.correct;
  }
  return decided > 0 ? std::optional(right / decided) : std::nullopt;
}

bool RolloutGroup::has_signal() const {
  return std::ranges::any_of(samples, [](const RolloutSample& sample) {
    return std::ranges::any_of(sample.streams.advantages, [](float advantage) { return advantage != 0; });
  });
}

std::vector<RolloutGroup> roll_out(Generator& generator, const PromptEncoder& encoder,
                                   const std::vector<const Problem*>& problems, int64_t samples,
                                   const GenerationOptions& options) {
  std::vector<RolloutGroup> groups;
  std::vector<GenerationRequest> requests;
  std::map<const Problem*, int> occurrences;
  for (const Problem* problem : problems) {
    groups.push_back({problem, encoder.encode(*problem), std::vector<RolloutSample>(samples)});
    const int again = occurrences[problem]++;
    const uint64_t stream =
        hash_name(again == 0 ? problem->id : fmt::format("{} again {}", problem->id, again));
    requests.push_back(
        {.prompt = groups.back().prompt.tokens, .samples = samples, .stream = stream, .name = problem->id});
  }
  // A response that ends before the limit leaves less to do.
  const int64_t limit = options.sampling.max_response_tokens, responses = std::ssize(problems) * samples;
  int64_t tokens = 0, finished = 0, most = responses * limit;
  Progress progress("sampling", "tokens", most);
  progress.set("responses", fmt::format("0/{}", responses));
  progress.within_a_step();
  generator.generate(
      requests, options,
      [&](int64_t group, int64_t sample, Generation&& generation) {
        most -= limit - std::ssize(generation.tokens);
        groups[group].samples[sample].generation = std::move(generation);
        progress.set("responses", fmt::format("{}/{}", ++finished, responses));
      },
      [&](std::span<const Generator::NewToken> drawn) {
        tokens += std::ssize(drawn);
        progress.set_total(most);
        progress.update(tokens);
      });
  for (RolloutGroup& group : groups) {
    group.prompt_text = encoder.tokenizer().decode(group.prompt.tokens);
    for (RolloutSample& sample : group.samples) {
      sample.text = encoder.tokenizer().decode(sample.generation.tokens, {.skip_special_tokens = true});
    }
  }
  return groups;
}

std::vector<TokenGroup> token_groups(std::span<RolloutGroup* const> groups) {
  std::vector<TokenGroup> all;
  for (const RolloutGroup* group : groups) {
    TokenGroup tokens{.prompt = group->prompt.tokens, .name = group->problem->id};
    for (const RolloutSample& sample : group->samples) {
      tokens.responses.emplace_back(sample.generation.tokens);
    }
    all.push_back(std::move(tokens));
  }
  return all;
}

int64_t drop_long_prompts(std::vector<Problem>& problems, const PromptEncoder& encoder,
                          const RolloutConfig& config, int64_t context) {
  return static_cast<int64_t>(std::erase_if(problems, [&](const Problem& problem) {
    const int64_t tokens = std::ssize(encoder.encode(problem).tokens);
    if (config.max_prompt_tokens && tokens > *config.max_prompt_tokens) return true;
    if (const int64_t whole = tokens + config.sampling.max_response_tokens; whole > context) {
      throw Error(
          problem.where.empty() ? problem.id : problem.where,
          fmt::format("a prompt of {} tokens and {} of a response exceed the model's context of {} by {}",
                      tokens, config.sampling.max_response_tokens, context, whole - context),
          "lower sampling.max_response_tokens, or leave such problems out with sampling.max_prompt_tokens");
    }
    return false;
  }));
}

}  // namespace deepscaler
