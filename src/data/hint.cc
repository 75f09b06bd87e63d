#include "data/hint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/config.h"

namespace deepscaler {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Where each word ends.
std::vector<size_t> word_ends(std::string_view text) {
  std::vector<size_t> ends;
  size_t end = 0;
  for (size_t word; (word = text.find_first_not_of(kSpace, end)) != std::string_view::npos;) {
    end = std::min(text.find_first_of(kSpace, word), text.size());
    ends.push_back(end);
  }
  return ends;
}

}  // namespace

void bind(ConfigSection& section, HintConfig& config) {
  section
      .field("hint_share", config.hint_share,
             "share of a problem's solution, its first words, that stands below the problem as a hint; 0 for "
             "none")
      .range(0, 1);
}

std::string first_words(std::string_view text, double share) {
  const std::vector<size_t> ends = word_ends(text);
  const auto count = static_cast<size_t>(share * static_cast<double>(ends.size()));
  return std::string(count == 0 ? "" : text.substr(0, ends[count - 1]));
}

int64_t add_hints(std::vector<Problem>& problems, const HintConfig& config) {
  int64_t without_solution = 0;
  if (config.hint_share == 0) return 0;
  for (Problem& problem : problems) {
    without_solution += problem.solution.empty();
    const std::string hint = first_words(problem.solution, config.hint_share);
    if (!hint.empty()) problem.problem += fmt::format("\n\nHint, the beginning of a solution:\n{}", hint);
  }
  return without_solution;
}

}  // namespace deepscaler
