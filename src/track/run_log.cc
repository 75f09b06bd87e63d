#include "track/run_log.h"

#include "base/error.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMetricsName = "metrics.jsonl";
// One file for the whole run, however often it is resumed: TensorBoard then shows one curve.
constexpr const char* kEventsName = "events.out.tfevents.run";

int64_t size_of(const fs::path& path) {
  return fs::exists(path) ? static_cast<int64_t>(fs::file_size(path)) : 0;
}

void cut_back(const fs::path& path, int64_t size_bytes) {
  const int64_t size = size_of(path);
  if (size < size_bytes) {
    throw Error(path.string(),
                fmt::format("has {} bytes and had {} when the checkpoint was saved", size, size_bytes),
                "put the file back, or start a new run from the checkpoint");
  }
  if (size > size_bytes) cut_file(path, static_cast<uint64_t>(size_bytes));
}

const fs::path& cut_back(const fs::path& folder, const RunLogSizes& sizes) {
  cut_back(folder / kMetricsName, sizes.metrics_bytes);
  cut_back(folder / kEventsName, sizes.events_bytes);
  return folder;
}

}  // namespace

RunLog::RunLog(const fs::path& folder, const RunLogSizes& sizes)
    : folder_(cut_back(folder, sizes)), metrics_(folder / kMetricsName), events_(folder / kEventsName) {}

void RunLog::record(int64_t step, const Metrics& metrics) {
  metrics_.append(step, metrics);
  events_.scalars(step, metrics);
}

void RunLog::histogram(int64_t step, std::string_view tag, std::span<const double> values) {
  events_.histogram(step, tag, values);
}

void RunLog::text(int64_t step, std::string_view tag, std::string_view markdown) {
  events_.text(step, tag, markdown);
}

void RunLog::sync() {
  metrics_.sync();
  events_.sync();
}

RunLogSizes RunLog::sizes() const {
  return {.metrics_bytes = size_of(folder_ / kMetricsName), .events_bytes = size_of(folder_ / kEventsName)};
}

}  // namespace deepscaler
