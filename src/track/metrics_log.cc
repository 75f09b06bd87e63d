#include "track/metrics_log.h"

#include <nlohmann/json.hpp>

namespace deepscaler {
void MetricsLog::append(int64_t step, const Metrics& metrics) {
  nlohmann::ordered_json line = {{"step", step}};
  for (const auto& [name, value] : metrics.all()) line[name] = value;
  file_.append(line.dump() + "\n");
}

}  // namespace deepscaler
