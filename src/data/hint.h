// A problem with the beginning of its solution as a hint: hard problems become ones that a model can solve
// now and then, so that RL has something to learn from (QuestA: Li et al., 2025, arXiv:2507.13266).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/problem.h"

namespace deepscaler {

class ConfigSection;

// [stage.prompt]
struct HintConfig {
  double hint_share = 0;  // of the solution's words
};

void bind(ConfigSection& section, HintConfig& config);

// The first `share` of the words of a text, rounded down, with the white space between them.
[[nodiscard]] std::string first_words(std::string_view text, double share);

// Appends the hint to the text of each problem that has a solution. Returns the number of the others. Nothing
// is changed at a share of 0.
int64_t add_hints(std::vector<Problem>& problems, const HintConfig& config);

}  // namespace deepscaler
