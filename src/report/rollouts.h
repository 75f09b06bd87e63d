// The rollouts of a step as they are in a run's folder, read back for people to look at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace deepscaler {

struct RecordedSample {
  int64_t number = 0;
  std::string text;
  std::string extracted;  // the answer that was graded
  std::string reason;     // why the verdict is what it is
  std::string finish_reason;
  std::optional<double> reward;  // none where the verifier could not decide
  std::vector<std::pair<std::string, std::optional<double>>> reward_parts;
  double advantage = 0;
  int64_t tokens = 0;
};

struct RecordedGroup {
  std::string id;       // of the problem
  std::string problem;  // the question; empty where the file has none
  std::vector<std::string> answers;
  std::vector<RecordedSample> samples;
};

// The groups of a step, in order. Throws Error naming file and line for what is no rollout.
[[nodiscard]] std::vector<RecordedGroup> read_rollouts(const std::filesystem::path& file);

}  // namespace deepscaler
