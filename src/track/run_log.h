// A run's records: metrics.jsonl and the TensorBoard event file in the run's folder, in step.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "track/append_file.h"
#include "track/metrics.h"
#include "track/metrics_log.h"
#include "track/run_layout.h"
#include "track/tensorboard.h"

namespace deepscaler {

// How far the records reach: what a checkpoint remembers of them.
struct RunLogSizes {
  int64_t metrics_bytes = 0;
  int64_t events_bytes = 0;

  bool operator==(const RunLogSizes&) const = default;
};

// One thread owns it. All functions throw Error where the disk refuses.
class RunLog {
 public:
  // Opens the records and cuts them back to `sizes`, those at the checkpoint that the run goes on from (by
  // default its beginning): what an interrupted process wrote afterwards is made again. The folder must
  // exist. Throws Error where a file is shorter than that.
  explicit RunLog(RunLayout run, const RunLogSizes& sizes = {});

  // `weights`: their hash after a training step, for metrics.jsonl alone; else empty.
  void record(int64_t step, const Metrics& metrics, std::string_view weights = {});
  void histogram(int64_t step, std::string_view tag, std::span<const double> values);
  void text(int64_t step, std::string_view tag, std::string_view markdown);

  // To be called before a checkpoint is marked complete, so that its records exist if it does.
  void sync();
  [[nodiscard]] RunLogSizes sizes() const;

 private:
  RunLayout run_;
  MetricsLog metrics_;
  EventFile events_;
};

}  // namespace deepscaler
