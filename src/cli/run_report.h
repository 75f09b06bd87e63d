// What `deepscaler report` writes of a run; the end of `deepscaler train` writes the page too.
#pragma once

#include <filesystem>

namespace deepscaler {

// Writes the page of the run in `folder` to `output` or, where that is empty, to report.html in the folder.
// Returns where the page is. Throws Error for a folder that holds no run, and for a file at that place that
// is no page of a run.
std::filesystem::path write_run_report(const std::filesystem::path& folder,
                                       const std::filesystem::path& output = {});

// Writes the picture of the run in `folder` to `output`, a name that ends in .svg. Throws Error for a folder
// that holds no run, and for a file at `output` that is no picture of a run.
void write_run_picture(const std::filesystem::path& folder, const std::filesystem::path& output);

}  // namespace deepscaler
