#include "verify/words/number_words.h"

#include <algorithm>
#include <array>

namespace deepscaler {
namespace {

constexpr std::array<std::string_view, 20> kSmall = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 8> kTens = {"twenty", "thirty",  "forty",  "fifty",
                                                   "sixty",  "seventy", "eighty", "ninety"};
constexpr std::array<std::string_view, 13> kOrdinals = {"zeroth", "first",    "second",  "third",  "fourth",
                                                        "fifth",  "sixth",    "seventh", "eighth", "ninth",
                                                        "tenth",  "eleventh", "twelfth"};

std::optional<slong> index_in(std::span<const std::string_view> words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return found - words.begin();
}

std::optional<slong> small_number(std::string_view word) { return index_in(kSmall, word); }

std::optional<slong> tens_number(std::string_view word) {
  const auto index = index_in(kTens, word);
  if (!index) return std::nullopt;
  return 20 + 10 * *index;
}

slong scale_of(std::string_view word) {
  if (word == "thousand") return 1'000;
  if (word == "million") return 1'000'000;
  if (word == "billion") return 1'000'000'000;
  if (word == "trillion") return 1'000'000'000'000;
  return 0;
}

// Whole numbers; at most one word may fill each place, so that "one two" is none.
std::optional<slong> whole_number(std::span<const std::string> words) {
  slong total = 0, group = 0, last_scale = 0;
  enum class Place : uint8_t { none, small, tens, hundred } last = Place::none;
  bool any = false, and_open = false;
  for (const std::string& word : words) {
    if (word == "and") {
      if (!any || and_open || (last != Place::hundred && last_scale == 0)) return std::nullopt;
      and_open = true;
      continue;
    }
    and_open = false;
    if (const auto small = small_number(word)) {
      if (last == Place::small || (last == Place::tens && (*small == 0 || *small > 9))) return std::nullopt;
      group += *small;
      last = Place::small;
    } else if (const auto tens = tens_number(word)) {
      if (last == Place::small || last == Place::tens) return std::nullopt;
      group += *tens;
      last = Place::tens;
    } else if (word == "hundred") {
      if (last == Place::hundred || group > 99) return std::nullopt;
      group = std::max<slong>(group, 1) * 100;
      last = Place::hundred;
    } else if (const slong scale = scale_of(word); scale != 0) {
      if (last_scale != 0 && scale >= last_scale) return std::nullopt;
      total += std::max<slong>(group, 1) * scale;
      group = 0;
      last_scale = scale;
      last = Place::none;
    } else {
      return std::nullopt;
    }
    any = true;
  }
  if (!any || and_open) return std::nullopt;
  return total + group;
}

// What a word such as "seventeenth" counts to, beyond twelfth, or 0.
slong high_ordinal(std::string_view word) {
  if (!word.ends_with("th")) return 0;
  std::string stem(word.substr(0, word.size() - 2));
  if (stem.ends_with("ie")) stem.replace(stem.size() - 2, 2, "y");  // twentieth
  if (const auto small = small_number(stem)) return *small > 12 ? *small : 0;
  if (const auto tens = tens_number(stem)) return *tens;
  return stem == "hundred" ? 100 : scale_of(stem);
}

}  // namespace

slong denominator_of(std::string_view word) {
  if (word == "half" || word == "halves") return 2;
  if (word == "quarter" || word == "quarters") return 4;
  if (word.ends_with('s')) word.remove_suffix(1);
  const auto index = index_in(kOrdinals, word);
  if (index) return *index >= 3 ? *index : 0;
  return high_ordinal(word);
}

std::optional<Rational> number_of_words(std::span<const std::string> words) {
  if (words.empty() || words.size() > 16) return std::nullopt;
  if (const auto whole = whole_number(words)) return Rational(*whole);
  // [a whole number "and"] a numerator and the name of a denominator
  const slong under = denominator_of(words.back());
  if (under == 0) return std::nullopt;
  std::span<const std::string> over = words.first(words.size() - 1);
  slong whole = 0;
  for (size_t i = over.size(); i-- > 1;) {
    if (over[i] != "and") continue;
    const auto before = whole_number(over.first(i));
    if (!before) return std::nullopt;
    whole = *before;
    over = over.subspan(i + 1);
    break;
  }
  const bool one = over.empty() || (over.size() == 1 && over[0] == "a");
  if (over.empty() && under != 2) return std::nullopt;  // "third" is a place in a row
  const auto numerator = one ? std::optional<slong>(1) : whole_number(over);
  if (!numerator || *numerator == 0) return std::nullopt;
  Rational value;
  fmpq_set_si(value.get(), *numerator, static_cast<ulong>(under));
  fmpq_add_si(value.get(), value.get(), whole);
  return value;
}

bool is_number_word(std::string_view word) {
  return small_number(word) || tens_number(word) || word == "hundred" || scale_of(word) != 0 ||
         denominator_of(word) != 0;
}

std::optional<int> ordinal_of_words(std::span<const std::string> words) {
  if (words.empty() || words.size() > 2) return std::nullopt;
  const std::string_view last = words.back();
  std::optional<slong> value = index_in(kOrdinals, last);
  const slong high = high_ordinal(last);
  if (high > 0 && high <= 90) value = high;
  if (!value) return std::nullopt;
  if (words.size() == 1) return static_cast<int>(*value);
  const auto tens = tens_number(words.front());
  if (!tens || *value < 1 || *value > 9) return std::nullopt;
  return static_cast<int>(*tens + *value);
}

}  // namespace deepscaler
