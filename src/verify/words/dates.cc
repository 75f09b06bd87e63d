#include "verify/words/dates.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace deepscaler {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};

// The name that `word` is or abbreviates to at least three letters; else empty.
std::string_view full_name(std::span<const std::string_view> names, std::string_view word) {
  if (word.size() < 3) return {};
  for (const std::string_view name : names) {
    if (word == name || (word.size() <= 5 && name.starts_with(word))) return name;
  }
  return {};
}

bool is_number(std::string_view word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c); });
}

bool is_suffix(std::string_view word) { return word == "st" || word == "nd" || word == "rd" || word == "th"; }

std::string joined(std::span<const std::string> words) {
  std::string result;
  for (const std::string& word : words) {
    if (!result.empty()) result += ' ';
    result += word;
  }
  return result;
}

}  // namespace

std::string canonical_date(std::span<const std::string> words) {
  if (words.size() == 1) {
    const std::string_view day = full_name(kDays, words[0]);
    return day.empty() ? words[0] : std::string(day);
  }
  std::string month, day, year;
  for (const std::string& word : words) {
    if (is_suffix(word) || word == "of") continue;
    if (const std::string_view name = full_name(kMonths, word); !name.empty() && month.empty()) {
      month = name;
    } else if (is_number(word) && word.size() <= 2 && day.empty()) {
      day = word;
    } else if (is_number(word) && word.size() == 4 && year.empty()) {
      year = word;
    } else {
      return joined(words);
    }
  }
  if (month.empty() || day.empty()) return joined(words);
  return month + " " + day + (year.empty() ? "" : " " + year);
}

bool names_a_day(std::string_view text) {
  const size_t space = text.find(' ');
  return space != text.npos && is_number(text.substr(space + 1)) && text.size() <= space + 3 &&
         std::find(kMonths.begin(), kMonths.end(), text.substr(0, space)) != kMonths.end();
}

}  // namespace deepscaler
