#include "track/metrics_log.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace deepscaler {
void MetricsLog::append(int64_t step, const Metrics& metrics, std::string_view weights) {
  nlohmann::ordered_json line = {{"step", step}};
  constexpr double kExact = 9007199254740992;  // 2^53: integers up to here are written as such
  for (const auto& [name, value] : metrics.all()) {
    if (value == std::floor(value) && std::abs(value) <= kExact)
      line[name] = static_cast<int64_t>(value);
    else
      line[name] = value;
  }
  if (!weights.empty()) line[std::string(kWeightsKey)] = weights;
  file_.append(line.dump() + "\n");
}

}  // namespace deepscaler
