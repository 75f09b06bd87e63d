// The known name that somebody probably meant, for the remedy of an error about an unknown one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace deepscaler {

// The closest of `known` by edit distance (Damerau-Levenshtein: adjacent swaps count once). An abbreviation
// ("lr" for "learning_rate") and a beginning ("temp" for "temperature") count as one edit. A third of the
// letters may differ; nothing where no name is that close.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view unknown,
                                                      std::span<const std::string> known);

// `did you mean "lr"?`, or the list of known names where nothing is close.
[[nodiscard]] std::string suggest_name(std::string_view unknown, std::span<const std::string> known);

}  // namespace deepscaler
