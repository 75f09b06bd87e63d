#include "cli/bench/bench_figures.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/memory.h"

namespace deepscaler {

void print_figures(const nlohmann::ordered_json& line) {
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

int64_t peak_mib() { return peak_memory() >> 20; }

}  // namespace deepscaler
