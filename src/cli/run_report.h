// The report of a run, as `deepscaler report` and the end of `deepscaler train` write it.
#pragma once

#include <filesystem>

namespace deepscaler {

// Writes the page of the run in `folder`, to `output` or, where that is empty, to report.html in the
// folder, and returns where it is. Throws Error for a folder that holds no run.
std::filesystem::path write_run_report(const std::filesystem::path& folder,
                                       const std::filesystem::path& output = {});

}  // namespace deepscaler
