#include "text/unicode/language.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

// Groups of the pattern, from 1, in this order.
enum Script {
  kLatin,
  kHan,
  kKana,
  kHangul,
  kCyrillic,
  kGreekScript,
  kArabicScript,
  kHebrewScript,
  kDevanagari,
  kThaiScript,
  kOther
};

constexpr const char* kPattern =
    R"(\\[A-Za-z]+|\$[^$]*+\$)"
    R"(|((?:\p{Latin}\p{M}*+){2,}+)|(\p{Han})|([\p{Hiragana}\p{Katakana}])|(\p{Hangul}++))"
    R"(|([\p{Cyrillic}\p{M}]++)|([\p{Greek}]{2,}+)|([\p{Arabic}\p{M}]++)|([\p{Hebrew}\p{M}]++))"
    R"(|([\p{Devanagari}\p{M}]++)|(\p{Thai})|(?!\p{Latin}|\p{Greek})(\p{L}))";

bool belongs(Script script, Language language) {
  switch (language) {
    case Language::kEnglish:
      return script == kLatin;
    case Language::kChinese:
      return script == kHan;
    case Language::kJapanese:
      return script == kHan || script == kKana;
    case Language::kKorean:
      return script == kHangul;
    case Language::kRussian:
      return script == kCyrillic;
    case Language::kGreek:
      return script == kGreekScript;
    case Language::kArabic:
      return script == kArabicScript;
    case Language::kHebrew:
      return script == kHebrewScript;
    case Language::kHindi:
      return script == kDevanagari;
    case Language::kThai:
      return script == kThaiScript;
  }
  return false;
}

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

const pcre2_code* words() {
  static const std::unique_ptr<pcre2_code, Free> code = [] {
    int error = 0;
    PCRE2_SIZE at = 0;
    auto* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern), PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_UCP, &error, &at, nullptr);
    DEEPSCALER_CHECK(compiled, "the pattern of words, at {}", at);
    return std::unique_ptr<pcre2_code, Free>(compiled);
  }();
  return code.get();
}

}  // namespace

double language_share(std::string_view text, Language language) {
  const std::string valid = repaired_utf8(text);
  const std::unique_ptr<pcre2_match_data, Free> match(pcre2_match_data_create_from_pattern(words(), nullptr));
  DEEPSCALER_CHECK(match, "out of memory");
  int64_t all = 0, wanted = 0;
  for (size_t at = 0; at < valid.size();) {
    // The number of the one group that took part, plus one; 1 for what is no word.
    const int found = pcre2_match(words(), reinterpret_cast<PCRE2_SPTR>(valid.data()), valid.size(), at,
                                  PCRE2_NO_UTF_CHECK, match.get(), nullptr);
    if (found < 0) break;
    at = pcre2_get_ovector_pointer(match.get())[1];
    if (found == 1) continue;
    ++all;
    wanted += belongs(static_cast<Script>(found - 2), language);
  }
  return all == 0 ? 1 : static_cast<double>(wanted) / static_cast<double>(all);
}

}  // namespace deepscaler
