// Preference pairs out of samples: a right answer and a wrong one to the same problem, of one rollout.
//
//   in:  {"id", "problem", "text", "rewards": {"accuracy": 1 | 0 | null}, "finish_reason", "token_ids"}
//        a line of a run's rollouts; lines that follow each other and have one id are a group
//   out: {"id", "problem", "chosen", "rejected", "chosen_tokens", "rejected_tokens"}
//        a pair as data/preference_pair.h reads it
//
// Within a group answers of like length are put together, so that a model which learns from the pairs does
// not learn lengths (DeepSeek-R1, 2025, appendix B.3). A text makes part of one pair at most.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace deepscaler {

struct SampledPairsConfig {
  int64_t most_of_a_group = 1;  // pairs
  // Whether answers that were cut at the length limit take part. A reward model would see them end where they
  // were cut.
  bool truncated = false;
};

struct SampledPairs {
  std::string lines;  // JSON, one a pair
  int64_t pairs = 0;
  int64_t groups = 0;
  int64_t without_right = 0, without_wrong = 0;  // groups that have no pair since they lack such an answer
  int64_t truncated = 0, undecided = 0;          // answers that were left out
  int64_t longer_chosen = 0;                     // pairs whose right answer is the longer one
};

// Reads the files one after the other. Throws Error naming file and line for what is no line of rollouts.
[[nodiscard]] SampledPairs pair_samples(std::span<const std::filesystem::path> files,
                                        const SampledPairsConfig& config);

}  // namespace deepscaler
