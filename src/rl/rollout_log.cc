#include "rl/rollout_log.h"

#include <nlohmann/json.hpp>

namespace deepscaler {

std::string rollout_lines(std::span<const RolloutGroup> groups) {
  std::string lines;
  for (const RolloutGroup& group : groups) {
    for (size_t i = 0; i < group.samples.size(); ++i) {
      const RolloutSample& s = group.samples[i];
      const nlohmann::ordered_json line = {
          {"id", group.problem->id},
          {"sample", i},
          {"problem", group.problem->problem},
          {"text", s.text},
          {"answer", group.problem->answers},
          {"extracted", s.verdict.extracted},
          {"reason", reason_name(s.verdict.reason)},
          {"reward", s.reward ? nlohmann::ordered_json(*s.reward) : nlohmann::ordered_json(nullptr)},
          {"advantage", s.advantage},
          {"finish_reason", finish_reason_name(s.generation.finish_reason)},
          {"token_ids", s.generation.tokens}};
      lines += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
  }
  return lines;
}

}  // namespace deepscaler
