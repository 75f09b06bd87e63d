// Which language a text is in, as far as letters tell: the share of its words that are written in the
// script of a language. Enough to see a chain of thought slip from English into Chinese, not into French.
#pragma once

#include <string_view>

namespace deepscaler {

enum class Language {
  kEnglish,
  kChinese,
  kJapanese,
  kKorean,
  kRussian,
  kGreek,
  kArabic,
  kHebrew,
  kHindi,
  kThai
};

// The share, in [0, 1], of the words of `text` (any bytes) that are written in the script of `language`; 1
// without any word. A word is a run of letters of one script. In scripts without spaces (Han, Hiragana,
// Katakana, Thai) every letter is a word. LaTeX commands, formulas between dollar signs and single Latin
// letters are no words, since all languages share them. Time is linear in the text. Thread-safe.
[[nodiscard]] double language_share(std::string_view text, Language language);

}  // namespace deepscaler
