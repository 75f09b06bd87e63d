// The page of a data set (page.html), for a browser: the funnel, and examples of every reason to drop, the
// record beside the other problem where there is one. One file without scripts, the same bytes for the same
// data set.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "corpus/step_summary.h"

namespace deepscaler {

// Reads dropped.jsonl of every step. Of pairs with a similarity the least similar come first: these are the
// ones to doubt.
[[nodiscard]] std::string funnel_page(std::string_view name, std::span<const SummarizedStep> steps);

}  // namespace deepscaler
