// metrics.jsonl: one JSON object a step, {"step": 12, "loss": 0.4, ...}; numbers are written so that
// they read back the same, and what is not finite is null. The line of a training step ends with the hash of
// the policy's weights after the step, "weights": "3f..", which `deepscaler audit` and `diff` compare.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "track/append_file.h"
#include "track/metrics.h"

namespace deepscaler {

// The key of the hash of the weights: the only value that is no number.
constexpr std::string_view kWeightsKey = "weights";

// One thread owns it.
class MetricsLog {
 public:
  explicit MetricsLog(const std::filesystem::path& path) : file_(path) {}
  // `weights` is empty for a line that is of no training step. Throws Error.
  void append(int64_t step, const Metrics& metrics, std::string_view weights = {});
  void sync() { file_.sync(); }  // on the disk when it returns; throws Error

 private:
  AppendFile file_;
};

}  // namespace deepscaler
