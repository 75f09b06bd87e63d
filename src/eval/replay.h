// Samples that were made before, by this program or by others, read back to be graded again.
//
// Read are reports and sample logs of `eval`, files of `generate`, lm-eval's samples_*.jsonl, and any JSON or
// JSON Lines whose records hold a response and, where no data set is given, the reference.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/problem.h"

namespace deepscaler {

// The responses to one problem; a problem of a record without a question has an empty one.
struct ReplayedProblem {
  Problem problem;
  std::vector<std::string> responses;
};

// The problems in the order of first appearance. Records of one id (else of one question) are samples of one
// problem. References are those of `data`, by id or question, where there are any, else the record's own.
// Throws Error naming file and line for a record without a response or a reference, and for one that is of no
// problem of `data`.
[[nodiscard]] std::vector<ReplayedProblem> read_replay(const std::filesystem::path& path,
                                                       std::span<const Problem> data);

}  // namespace deepscaler
