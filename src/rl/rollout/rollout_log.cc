#include "rl/rollout/rollout_log.h"

#include <nlohmann/json.hpp>

namespace deepscaler {
namespace {

nlohmann::ordered_json number_or_null(const std::optional<double>& number) {
  return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json(nullptr);
}

}  // namespace

std::string rollout_lines(std::span<const RolloutGroup> groups) {
  std::string lines;
  for (const RolloutGroup& group : groups) {
    for (size_t i = 0; i < group.samples.size(); ++i) {
      const RolloutSample& s = group.samples[i];
      nlohmann::ordered_json rewards;
      for (const RewardPart& part : s.rewards) rewards[part.name] = number_or_null(part.value);
      const nlohmann::ordered_json line = {{"id", group.problem->id},
                                           {"sample", i},
                                           {"problem", group.problem->problem},
                                           {"text", s.text},
                                           {"answer", group.problem->answers},
                                           {"extracted", s.verdict.extracted},
                                           {"reason", reason_name(s.verdict.reason)},
                                           {"rewards", rewards},
                                           {"reward", number_or_null(s.reward)},
                                           {"advantage", s.advantage},
                                           {"dropped", group.dropped},
                                           {"finish_reason", finish_reason_name(s.generation.finish_reason)},
                                           {"token_ids", s.generation.tokens}};
      lines += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
  }
  return lines;
}

}  // namespace deepscaler
