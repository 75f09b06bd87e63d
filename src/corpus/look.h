// What a pipeline has done, as text to read: the funnel of its steps, and the records it dropped with their
// evidence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "corpus/step_summary.h"

namespace deepscaler {

// A line for each step: records in and out, and how many were dropped for which reason; its figures below.
[[nodiscard]] std::string funnel_text(std::span<const SummarizedStep> steps);

// The first `limit` records that were dropped for `reason`, each with its evidence. Throws Error for a reason
// that nothing was dropped for, naming those there are.
[[nodiscard]] std::string dropped_text(std::span<const SummarizedStep> steps, const std::string& reason,
                                       int64_t limit);

}  // namespace deepscaler
