// metrics.jsonl: one JSON object a step, {"step": 12, "loss": 0.4, ...}; numbers are written so that
// they read back the same, and what is not finite is null.
#pragma once

#include <cstdint>
#include <filesystem>

#include "track/append_file.h"
#include "track/metrics.h"

namespace deepscaler {

// One thread owns it.
class MetricsLog {
 public:
  explicit MetricsLog(const std::filesystem::path& path) : file_(path) {}
  void append(int64_t step, const Metrics& metrics);  // throws Error
  void sync() { file_.sync(); }

 private:
  AppendFile file_;
};

}  // namespace deepscaler
