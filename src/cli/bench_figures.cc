#include "cli/bench_figures.h"

#include <sys/resource.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace deepscaler {

void print_figures(const nlohmann::ordered_json& line) {
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

int64_t peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss >> 10;
}

}  // namespace deepscaler
