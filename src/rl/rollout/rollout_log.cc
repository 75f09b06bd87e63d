#include "rl/rollout/rollout_log.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

namespace deepscaler {
namespace {

nlohmann::ordered_json number_or_null(const std::optional<double>& number) {
  return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json(nullptr);
}

bool all_equal(const std::vector<float>& numbers) {
  return std::ranges::adjacent_find(numbers, std::not_equal_to()) == numbers.end();
}

// A response's advantage: that of all its tokens, or their mean.
double advantage_of(const std::vector<float>& advantages) {
  if (advantages.empty()) return 0;
  if (all_equal(advantages)) return advantages.front();
  return std::accumulate(advantages.begin(), advantages.end(), 0.0) / static_cast<double>(advantages.size());
}

}  // namespace

std::string rollout_lines(std::span<const RolloutGroup> groups) {
  std::string lines;
  for (const RolloutGroup& group : groups) {
    for (size_t i = 0; i < group.samples.size(); ++i) {
      const RolloutSample& s = group.samples[i];
      nlohmann::ordered_json rewards;
      for (const RewardPart& part : s.rewards) rewards[part.name] = number_or_null(part.value);
      nlohmann::ordered_json line = {{"id", group.problem->id},
                                     {"sample", i},
                                     {"problem", group.problem->problem},
                                     {"text", s.text},
                                     {"answer", group.problem->answers},
                                     {"extracted", s.verdict.extracted},
                                     {"reason", reason_name(s.verdict.reason)},
                                     {"rewards", rewards},
                                     {"reward", number_or_null(s.reward)},
                                     {"advantage", advantage_of(s.streams.advantages)},
                                     {"dropped", group.dropped},
                                     {"finish_reason", finish_reason_name(s.generation.finish_reason)},
                                     {"token_ids", s.generation.tokens}};
      if (!all_equal(s.streams.advantages)) line["advantages"] = s.streams.advantages;
      if (!s.streams.values.empty()) line["values"] = s.streams.values;
      lines += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
  }
  return lines;
}

}  // namespace deepscaler
