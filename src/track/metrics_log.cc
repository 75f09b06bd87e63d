#include "track/metrics_log.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

int64_t step_of(const std::string& line, const std::filesystem::path& path, int number) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("step") && json["step"].is_number_integer())
    return json["step"].get<int64_t>();
  throw Error(fmt::format("{}:{}", path.string(), number), "is not a line of metrics",
              "remove the line, or start a new run");
}

}  // namespace

void MetricsLog::append(int64_t step, const Metrics& metrics) {
  nlohmann::ordered_json line = {{"step", step}};
  for (const auto& [name, value] : metrics.all()) line[name] = value;
  file_.append(line.dump() + "\n");
}

void cut_metrics_log(const std::filesystem::path& path, int64_t step) {
  if (!std::filesystem::exists(path)) return;
  const std::string text = read_file(path);
  size_t kept = 0;
  for (int number = 1; kept < text.size(); ++number) {
    const size_t end = text.find('\n', kept);
    if (end == std::string::npos || step_of(text.substr(kept, end - kept), path, number) > step) break;
    kept = end + 1;
  }
  if (kept < text.size()) cut_file(path, kept);
}

}  // namespace deepscaler
