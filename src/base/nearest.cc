#include "base/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace deepscaler {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, substituted});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

// The first letters of a name's words: "learning_rate" gives "lr".
std::string initials(std::string_view name) {
  std::string letters;
  bool word_starts = true;
  for (char c : name) {
    const bool separates = c == '_' || c == '-' || c == '.';
    if (word_starts && !separates) letters += c;
    word_starts = separates;
  }
  return letters;
}

bool abbreviates(std::string_view shorter, std::string_view longer) {
  return shorter.size() >= 2 && initials(longer) == shorter;
}

bool begins(std::string_view shorter, std::string_view longer) {
  constexpr size_t kShortest = 3;  // letters that say which name is meant
  return shorter.size() >= kShortest && longer.starts_with(shorter);
}

size_t name_distance(std::string_view unknown, std::string_view known) {
  if (abbreviates(unknown, known) || abbreviates(known, unknown)) return 1;
  if (begins(unknown, known) || begins(known, unknown)) return 1;
  return edit_distance(unknown, known);
}

// Names longer than this are noise, not a slip of the finger; comparing them costs time for nothing.
constexpr size_t kLongestName = 200;

}  // namespace

std::optional<std::string> nearest_name(std::string_view unknown, std::span<const std::string> known) {
  if (unknown.size() > kLongestName) return std::nullopt;
  std::optional<std::string> nearest;
  size_t nearest_distance = std::max<size_t>(unknown.size() / 3, 1) + 1;
  for (const auto& name : known) {
    const size_t distance = name_distance(unknown, name);
    if (distance >= nearest_distance || distance >= std::max(unknown.size(), name.size())) continue;
    nearest = name;
    nearest_distance = distance;
  }
  return nearest;
}

std::string suggest_name(std::string_view unknown, std::span<const std::string> known) {
  if (const auto name = nearest_name(unknown, known)) return fmt::format("did you mean \"{}\"?", *name);
  return fmt::format("known are {}", fmt::join(known, ", "));
}

}  // namespace deepscaler
