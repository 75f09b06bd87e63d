// A regular expression that cuts text into pieces, as the pre-tokenizers of tokenizer.json use them.
//
// Hugging Face's tokenizers run Oniguruma with the categories of Unicode 16. We run PCRE2 in Unicode mode,
// compiled to machine code where possible, and PCRE2's version of Unicode is the machine's. So a pattern is
// compiled twice: with PCRE2's own categories, which are fast and right for characters that all versions
// agree on; and with the categories written out, for other text.
//
// What the two engines read differently is rewritten (`\s` is exactly the property White_Space, where PCRE2's
// also takes U+180E; `\w` is written out) or refused (`\h`, nested classes).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

struct SplitRule {
  std::string pattern;
  bool is_regex = true;      // otherwise the pattern is text to be found as it is
  bool keep_matches = true;  // what matches becomes a piece
  bool keep_between = true;  // what lies between matches becomes a piece

  bool operator==(const SplitRule&) const = default;
};

// Thread-safe.
class SplitPattern {
 public:
  // Throws Error with `where` for a pattern that does not compile, or that PCRE2 would read differently.
  SplitPattern(const SplitRule& rule, const std::string& where);
  SplitPattern(SplitPattern&&) noexcept;
  ~SplitPattern();

  // Whether a text has a character on whose category versions of Unicode do not agree.
  [[nodiscard]] static bool needs_own_categories(std::string_view text);

  enum class Categories { kOfPcre2, kOwn };
  // Appends the pieces of each of `texts` (valid UTF-8) to `pieces`; they are views into the texts.
  // Throws Error where the pattern takes too many steps.
  void split(const std::vector<std::string_view>& texts, Categories categories,
             std::vector<std::string_view>& pieces) const;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace deepscaler
