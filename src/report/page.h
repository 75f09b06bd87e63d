// The report of a run: one HTML file that needs nothing else, neither files nor a network.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/history.h"

namespace deepscaler {

// The page of the run in `folder`, as far as the run has come. `titles` are the stages of the run's recipe.
// What a model wrote is data in the page, never markup. Throws Error for records that can't be read, and
// where there are none.
[[nodiscard]] std::string run_page(const std::filesystem::path& folder,
                                   const std::vector<StageTitle>& titles);

// Whether the file at `path` is such a page, which a new one may replace.
[[nodiscard]] bool is_run_page(const std::filesystem::path& path);

}  // namespace deepscaler
