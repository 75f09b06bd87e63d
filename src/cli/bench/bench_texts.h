// The texts of benchmarks that read some.
#pragma once

#include <string>
#include <vector>

namespace deepscaler {

// The "text" of each line of a JSONL file. Throws Error for a line without one, and for a file without lines.
[[nodiscard]] std::vector<std::string> read_bench_texts(const std::string& path);

}  // namespace deepscaler
