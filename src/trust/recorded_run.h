// A run as it stands in its folder, read back to be compared, forked or recomputed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "run/manifest.h"
#include "run/recipe.h"
#include "track/run_layout.h"

namespace deepscaler {

// What the folder says; nothing of it is checked against anything. A value.
struct RecordedRun {
  RunLayout layout;
  Recipe recipe;  // config.toml; its files are where they can be opened from here
  Manifest manifest;
  std::map<int64_t, std::vector<std::string>> lines;  // of metrics.jsonl, as JSON, by step

  // The last one with metrics; 0 where there is none.
  [[nodiscard]] int64_t last_step() const { return lines.empty() ? 0 : lines.rbegin()->first; }
};

// Throws Error for a folder that is no run's, and for records that can't be read. An unfinished last line of
// metrics is left out.
[[nodiscard]] RecordedRun read_run(const std::filesystem::path& folder);

}  // namespace deepscaler
