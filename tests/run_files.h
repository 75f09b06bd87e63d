// What a run left in its folder, without what depends on the clock: for comparing runs.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace deepscaler {

// By path inside the folder: bytes of files, targets of links. Of metrics.jsonl without time/*, of the
// TensorBoard file without wall times and time/*, of state.json without the sizes of those two. Not the
// lock, nor report.html, which is drawn from the rest with its times.
[[nodiscard]] std::map<std::string, std::string> run_files(const std::filesystem::path& run);

// The lines of metrics.jsonl, as they are.
[[nodiscard]] std::vector<std::string> metrics_lines(const std::filesystem::path& run);

}  // namespace deepscaler
