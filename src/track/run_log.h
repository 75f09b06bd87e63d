// A run's records: metrics.jsonl and the TensorBoard event file in the run's folder, in step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "track/metrics.h"
#include "track/metrics_log.h"
#include "track/tensorboard.h"

namespace deepscaler {

// One thread owns it. All functions throw Error where the disk refuses.
class RunLog {
 public:
  // Opens the records of a run that goes on after `last_step`, or of a new one: what an interrupted
  // process wrote about later steps is removed. The folder must exist.
  RunLog(const std::filesystem::path& folder, std::optional<int64_t> last_step);

  void record(int64_t step, const Metrics& metrics);
  void histogram(int64_t step, std::string_view tag, std::span<const double> values);
  void text(int64_t step, std::string_view tag, std::string_view markdown);
  // To be called before a checkpoint is marked complete, so that its records exist if it does.
  void sync();

 private:
  MetricsLog metrics_;
  EventFile events_;
};

}  // namespace deepscaler
