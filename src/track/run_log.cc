#include "track/run_log.h"

#include <utility>

#include "base/error.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

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

RunLayout cut_back(RunLayout run, const RunLogSizes& sizes) {
  cut_back(run.metrics(), sizes.metrics_bytes);
  cut_back(run.events(), sizes.events_bytes);
  return run;
}

}  // namespace

RunLog::RunLog(RunLayout run, const RunLogSizes& sizes)
    : run_(cut_back(std::move(run), sizes)), metrics_(run_.metrics()), events_(run_.events()) {}

void RunLog::record(int64_t step, const Metrics& metrics, std::string_view weights) {
  metrics_.append(step, metrics, weights);
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
  return {.metrics_bytes = size_of(run_.metrics()), .events_bytes = size_of(run_.events())};
}

}  // namespace deepscaler
