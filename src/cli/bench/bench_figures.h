// What the benchmarks share: how they print a line of figures, and the process's memory.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace deepscaler {

// One line of JSON on standard output; names that end in per_second, seconds or mib are figures, all
// others are settings (bench/peers/table.py).
void print_figures(const nlohmann::ordered_json& line);

// The most memory that the process has held so far.
[[nodiscard]] int64_t peak_mib();

}  // namespace deepscaler
