#include "track/run_log.h"

namespace deepscaler {
namespace {

constexpr const char* kMetricsName = "metrics.jsonl";
// One file for the whole run, however often it is resumed: TensorBoard then shows one curve.
constexpr const char* kEventsName = "events.out.tfevents.run";

// The folder, with the records of a dead process cut back.
const std::filesystem::path& cut_back(const std::filesystem::path& folder, std::optional<int64_t> last_step) {
  if (last_step) {
    cut_metrics_log(folder / kMetricsName, *last_step);
    cut_event_file(folder / kEventsName, *last_step);
  } else {
    std::filesystem::remove(folder / kMetricsName);
    std::filesystem::remove(folder / kEventsName);
  }
  return folder;
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& folder, std::optional<int64_t> last_step)
    : metrics_(cut_back(folder, last_step) / kMetricsName), events_(folder / kEventsName) {}

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

}  // namespace deepscaler
