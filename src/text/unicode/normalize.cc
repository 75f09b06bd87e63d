// Normalization forms C and D (Unicode Standard Annex 15): decompose, order marks by their classes, compose.
// Hangul syllables by arithmetic (The Unicode Standard, section 3.12).
#include "text/unicode/normalize.h"

#include <algorithm>
#include <span>
#include <vector>

#include "text/unicode/character_facts.h"
#include "text/unicode/unicode.h"
#include "text/unicode/unicode_tables.h"

namespace deepscaler {
namespace {

constexpr char32_t kSyllables = 0xac00, kLeading = 0x1100, kVowels = 0x1161, kTrailing = 0x11a7;
constexpr char32_t kVowelCount = 21, kTrailingCount = 28, kLeadingCount = 19;
constexpr char32_t kSyllableCount = kLeadingCount * kVowelCount * kTrailingCount;

uint8_t combining_class(char32_t code) {
  const std::span runs(kCombiningRuns, kCombiningRunsSize);
  return std::prev(std::ranges::upper_bound(runs, code, {}, &CodeRun::first))->value;
}

struct Mark {
  char32_t code;
  uint8_t combining;
};

void add(char32_t code, std::vector<Mark>& text) { text.push_back({code, combining_class(code)}); }

void decompose(char32_t code, std::vector<Mark>& text) {
  if (code - kSyllables < kSyllableCount) {
    const char32_t syllable = code - kSyllables;
    add(kLeading + syllable / (kVowelCount * kTrailingCount), text);
    add(kVowels + syllable % (kVowelCount * kTrailingCount) / kTrailingCount, text);
    if (syllable % kTrailingCount != 0) add(kTrailing + syllable % kTrailingCount, text);
    return;
  }
  const std::span all(kDecompositions, kDecompositionsSize);
  const auto found = std::ranges::lower_bound(all, code, {}, &Decomposition::code);
  if (found == all.end() || found->code != code) return add(code, text);
  for (size_t i = 0; i < found->length; ++i) add(kDecomposed[found->begin + i], text);
}

void order_marks(std::vector<Mark>& text) {
  for (auto begin = text.begin(); begin != text.end();) {
    const auto is_starter = [](const Mark& mark) { return mark.combining == 0; };
    begin = std::find_if_not(begin, text.end(), is_starter);
    const auto end = std::find_if(begin, text.end(), is_starter);
    std::stable_sort(begin, end, [](const Mark& a, const Mark& b) { return a.combining < b.combining; });
    begin = end;
  }
}

// 0 where the two do not compose.
char32_t composed(char32_t first, char32_t second) {
  if (first - kLeading < kLeadingCount && second - kVowels < kVowelCount) {
    return kSyllables + ((first - kLeading) * kVowelCount + (second - kVowels)) * kTrailingCount;
  }
  if (first - kSyllables < kSyllableCount && (first - kSyllables) % kTrailingCount == 0 &&
      second - kTrailing - 1 < kTrailingCount - 1) {
    return first + (second - kTrailing);
  }
  const std::span all(kCompositions, kCompositionsSize);
  const auto found = std::ranges::lower_bound(
      all, std::pair(first, second), {}, [](const Composition& c) { return std::pair(c.first, c.second); });
  return found != all.end() && found->first == first && found->second == second ? found->composed : 0;
}

void compose(std::vector<Mark>& text) {
  size_t kept = 0;
  size_t starter = SIZE_MAX;  // the last one
  for (const Mark mark : text) {
    // Nothing of the same or a higher class, and no other starter, may stand between.
    const bool reaches =
        starter != SIZE_MAX &&
        (kept == starter + 1 || (text[kept - 1].combining != 0 && text[kept - 1].combining < mark.combining));
    if (reaches) {
      if (const char32_t one = composed(text[starter].code, mark.code); one != 0) {
        text[starter].code = one;
        continue;
      }
    }
    if (mark.combining == 0) starter = kept;
    text[kept++] = mark;
  }
  text.resize(kept);
}

bool is_normal(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const auto [code, bytes] = utf8_char_at(text, at);
    if (moves_in_normalization(code)) return false;
    at += bytes;
  }
  return true;
}

// The characters of form D.
std::vector<Mark> decomposed(std::string_view text) {
  std::vector<Mark> marks;
  marks.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = utf8_char_at(text, at);
    decompose(code, marks);
    at += bytes;
  }
  order_marks(marks);
  return marks;
}

std::string text_of(const std::vector<Mark>& marks, size_t bytes) {
  std::string text;
  text.reserve(bytes);
  for (const Mark& mark : marks) append_utf8(mark.code, text);
  return text;
}

}  // namespace

std::string nfc(std::string_view text) {
  if (is_normal(text)) return std::string(text);
  std::vector<Mark> marks = decomposed(text);
  compose(marks);
  return text_of(marks, text.size());
}

std::string nfd(std::string_view text) { return text_of(decomposed(text), text.size()); }

}  // namespace deepscaler
