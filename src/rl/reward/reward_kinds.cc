// Every built-in reward: the one place that knows them all.
#include <algorithm>

#include "rl/reward/reward.h"
#include "rl/reward/reward_length.h"

namespace deepscaler {
namespace {

using Rewards = std::vector<std::optional<double>>;

template <class OfSample>
Rewards by_sample(const RewardInput& input, const OfSample& of_sample) {
  Rewards rewards;
  for (const RolloutSample& sample : input.group.samples) rewards.push_back(of_sample(sample));
  return rewards;
}

Rewards accuracy(const RewardInput& input) {
  return by_sample(input, [](const RolloutSample& sample) {
    return sample.verdict.undecided ? std::nullopt : std::optional<double>(sample.verdict.score);
  });
}

Rewards format(const RewardInput& input) {
  return by_sample(input, [&](const RolloutSample& sample) {
    return format_reward(input.config.response_form, sample.text, input.group.prompt.opened_thinking);
  });
}

// All of the response where thinking never ended or was never begun.
std::string_view thinking_of(std::string_view response) {
  return response.substr(0, response.find("</think>"));
}

Rewards language(const RewardInput& input) {
  return by_sample(input, [&](const RolloutSample& sample) {
    return language_share(thinking_of(sample.text), input.config.target_language);
  });
}

Rewards overlong(const RewardInput& input) {
  return by_sample(input, [&](const RolloutSample& sample) {
    return overlong_penalty(std::ssize(sample.generation.tokens), sample.truncated(),
                            input.max_response_tokens, input.config.overlong_buffer_tokens);
  });
}

Rewards length(const RewardInput& input) {
  std::vector<RatedLength> lengths;
  for (const RolloutSample& sample : input.group.samples) {
    lengths.push_back({std::ssize(sample.generation.tokens), sample.verdict.correct});
  }
  const auto rewards = length_rewards(lengths);
  return {rewards.begin(), rewards.end()};
}

std::vector<RewardKind>& all_kinds() {
  static std::vector<RewardKind> kinds = {
      {"accuracy", "weight of a right answer", accuracy},
      {"format", "weight of the form of the response", format},
      {"language", "weight of the share of words in the target language", language},
      {"overlong", "weight of the penalty near the length limit", overlong},
      {"length", "weight of the length within the group", length}};
  return kinds;
}

}  // namespace

std::span<const RewardKind> reward_kinds() { return all_kinds(); }

void add_reward_kind(const RewardKind& kind) { all_kinds().push_back(kind); }

}  // namespace deepscaler
