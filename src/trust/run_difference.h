// Where two runs part. Runs are exact, so the first record in which they differ is where they part: what is
// before it has the same bits, and what follows from it need not be searched.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "trust/step_difference.h"

namespace deepscaler {

// How far the policies of two checkpoints are from each other.
struct WeightsDifference {
  int64_t step = 0;
  int64_t tensors = 0;
  int64_t different = 0;  // of these
  std::string first;      // the first of them, in the model's order
  double first_most = 0;  // greatest |a - b| of its elements
  std::string most;       // the tensor with the greatest |a - b| of all
  double greatest = 0;
};

struct RunDifference {
  std::vector<ConfigDifference> settings;
  std::vector<std::string> computed;  // what the bits depend on beside them: "device: avx2, now avx512"
  int64_t last_left = 0, last_right = 0;
  int64_t compared = 0;                      // the last step that both have
  std::vector<RecordDifference> parting;     // of the first step that differs; empty: none does
  std::optional<WeightsDifference> weights;  // at the first checkpoint from there on that both have
};

// Throws Error for a folder that is no run's or whose records can't be read.
[[nodiscard]] RunDifference compare_runs(const std::filesystem::path& left,
                                         const std::filesystem::path& right);

// The policies in two folders of checkpoints. Throws Error where they are models of different shapes.
[[nodiscard]] WeightsDifference compare_weights(const std::filesystem::path& left,
                                                const std::filesystem::path& right);

// Lines to read; at most `most` records of the step in which the runs part.
[[nodiscard]] std::string run_difference_text(const RunDifference& difference, size_t most = 10);

}  // namespace deepscaler
