#include "text/tokenizer/split_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "base/error.h"
#include "formats/excerpt.h"
#include "text/unicode/character_facts.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

constexpr const char* kWhiteSpace =
    R"(\x{09}-\x{0d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kRefusedEscapes = "WhHbBRXAZzGkK";
constexpr const char* kRemedy = "use a tokenizer of a model family this program knows";

constexpr std::string_view kCategoryNames[] = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl",
                                               "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc",
                                               "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"};

// What Oniguruma takes for a word's character beside letters, marks, decimal and letter digits and
// connectors: superscripts and fractions of Latin-1, letters in circles and squares.
constexpr const char* kMoreOfWords =
    R"(\x{b2}\x{b3}\x{b9}\x{bc}-\x{be}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";

// The characters of the categories that `wanted` takes, as the inside of a class.
template <class Wanted>
std::string ranges_of(const Wanted& wanted) {
  std::string ranges;
  const auto end_of = [](size_t run) {
    return run + 1 < kCategoryRunsSize ? kCategoryRuns[run + 1].first : char32_t{0x110000};
  };
  for (size_t run = 0; run < kCategoryRunsSize; ++run) {
    if (!wanted(kCategoryNames[kCategoryRuns[run].value])) continue;
    const char32_t first = kCategoryRuns[run].first;
    while (run + 1 < kCategoryRunsSize && wanted(kCategoryNames[kCategoryRuns[run + 1].value])) ++run;
    ranges += fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", static_cast<uint32_t>(first),
                          static_cast<uint32_t>(end_of(run) - 1));
  }
  return ranges;
}

// The categories that \w takes.
bool is_of_words(std::string_view category) {
  return category[0] == 'L' || category[0] == 'M' || category == "Nd" || category == "Nl" || category == "Pc";
}

// Rewrites a pattern in PCRE2's syntax.
class Rewriter {
 public:
  Rewriter(const std::string& pattern, const std::string& where, SplitPattern::Categories categories)
      : pattern_(pattern), where_(where), own_(categories == SplitPattern::Categories::kOwn) {}

  std::string run() {
    for (; at_ < pattern_.size(); ++at_) {
      const char c = pattern_[at_];
      const char next = at_ + 1 < pattern_.size() ? pattern_[at_ + 1] : '\0';
      if (c == '\\') {
        rewrite_escape(next);
        continue;
      }
      if (in_class_ && c == '[') refuse("a class in a class");
      if (in_class_ && c == '&' && next == '&') refuse("&& in a class");
      if (c == '[') in_class_ = true;
      if (c == ']') in_class_ = false;
      out_ += c;
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(where_, "pattern " + excerpt(pattern_) + " uses " + what + ", which is not supported",
                kRemedy);
  }

  void add_class(const std::string& inside, bool negated = false) {
    out_ += in_class_ ? inside : (negated ? "[^" : "[") + inside + "]";
  }

  // At a backslash, which `next` follows.
  void rewrite_escape(char next) {
    if (next != '\0' && kRefusedEscapes.find(next) != std::string_view::npos)
      refuse(std::string("\\") + next);
    if (next == 'S' && in_class_) refuse("\\S in a class");
    if (next == 's' || next == 'S') {
      add_class(kWhiteSpace, next == 'S');
    } else if (next == 'w') {
      add_class((own_ ? ranges_of(is_of_words) : R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc})") +
                std::string(kMoreOfWords));
    } else if ((next == 'p' || next == 'P') && own_) {
      return rewrite_category(next == 'P');
    } else {
      out_ += '\\';
      if (next != '\0') out_ += next;
    }
    ++at_;
  }

  // \p{Name}, \p{^Name} or \pN. Other properties than categories (scripts) are PCRE2's.
  void rewrite_category(bool negated) {
    const bool braces = at_ + 2 < pattern_.size() && pattern_[at_ + 2] == '{';
    const size_t begin = at_ + (braces ? 3 : 2);
    const size_t end = braces ? pattern_.find('}', begin) : std::min(begin + 1, pattern_.size());
    if (end == std::string::npos) refuse("\\p without its end");
    std::string_view name = std::string_view(pattern_).substr(begin, end - begin);
    if (name.starts_with('^')) {
      name.remove_prefix(1);
      negated = !negated;
    }
    const std::string ranges = ranges_of([&](std::string_view category) {
      return category == name || (name.size() == 1 && category[0] == name[0]);
    });
    const size_t last = braces ? end : end - 1;
    if (ranges.empty()) {
      out_ += pattern_.substr(at_, last + 1 - at_);
    } else {
      if (negated && in_class_) refuse("\\P in a class");
      add_class(ranges, negated);
    }
    at_ = last;
  }

  const std::string& pattern_;
  const std::string& where_;
  bool own_;
  bool in_class_ = false;
  size_t at_ = 0;
  std::string out_;
};

struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

// One of the two.
struct CompiledPattern {
  std::unique_ptr<pcre2_code, FreeCode> code;
  bool machine_code = false;
};

// Categories changed little before Unicode 14, and only as characters were added.
bool is_recent_enough(const char* unicode_version) { return std::atoi(unicode_version) >= 14; }

bool pcre2_is_recent_enough() {
  static const bool is_recent = [] {
    char version[64] = {};
    return pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, version) > 0 && is_recent_enough(version);
  }();
  return is_recent;
}

CompiledPattern compile(const SplitRule& rule, SplitPattern::Categories categories,
                        const std::string& where) {
  const std::string source = rule.is_regex ? Rewriter(rule.pattern, where, categories).run() : rule.pattern;
  const uint32_t options =
      rule.is_regex ? PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C : PCRE2_UTF | PCRE2_LITERAL;
  int fault = 0;
  PCRE2_SIZE at = 0;
  auto* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source.data()), source.size(), options, &fault, &at,
                             nullptr);
  if (!code) {
    PCRE2_UCHAR message[128] = {};
    pcre2_get_error_message(fault, message, sizeof message);
    throw Error(where,
                fmt::format("pattern {} does not compile: {}", excerpt(rule.pattern),
                            reinterpret_cast<const char*>(message)),
                kRemedy);
  }
  CompiledPattern compiled;
  compiled.code.reset(code);
  compiled.machine_code = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
  return compiled;
}

}  // namespace

struct SplitPattern::Compiled {
  SplitRule rule;
  std::string where;
  CompiledPattern with_pcre2;
  // Made when the first text needs it.
  mutable std::once_flag own_is_made = {};
  mutable CompiledPattern own = {};

  [[nodiscard]] const CompiledPattern& pattern(Categories categories) const {
    if (categories == Categories::kOfPcre2) return with_pcre2;
    std::call_once(own_is_made, [&] { own = compile(rule, Categories::kOwn, where); });
    return own;
  }
};

namespace {

// Finds matches one after the other; one per call of split(), because its buffers are not shared.
class Finder {
 public:
  Finder(const pcre2_code* code, bool machine_code)
      : code_(code),
        machine_code_(machine_code),
        data_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)) {
    DEEPSCALER_CHECK(data_ && context_, "out of memory");
    // A match may step over a run of some MB of spaces several times; a runaway pattern ends in a second.
    constexpr uint32_t kMatchLimit = 100'000'000;
    pcre2_set_match_limit(context_.get(), kMatchLimit);
  }

  // The next match at or after `at` as [begin, end). A negative code is an error of PCRE2.
  int find(std::string_view text, size_t at) {
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int result = PCRE2_ERROR_JIT_STACKLIMIT;
    if (machine_code_) {
      result = pcre2_jit_match(code_, subject, text.size(), at, PCRE2_NOTEMPTY, data_.get(), context_.get());
    }
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
      constexpr uint32_t kOptions = PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT;
      result = pcre2_match(code_, subject, text.size(), at, kOptions, data_.get(), context_.get());
    }
    return result;
  }
  [[nodiscard]] size_t begin() const { return pcre2_get_ovector_pointer(data_.get())[0]; }
  [[nodiscard]] size_t end() const { return pcre2_get_ovector_pointer(data_.get())[1]; }

 private:
  const pcre2_code* code_;
  bool machine_code_;
  std::unique_ptr<pcre2_match_data, FreeMatchData> data_;
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context_;
};

}  // namespace

SplitPattern::SplitPattern(const SplitRule& rule, const std::string& where)
    : compiled_(new Compiled{rule, where, compile(rule, Categories::kOfPcre2, where)}) {}

bool SplitPattern::needs_own_categories(std::string_view text) {
  if (!pcre2_is_recent_enough()) return true;
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const auto [code, bytes] = utf8_char_at(text, at);
    if (is_newer(code)) return true;
    at += bytes;
  }
  return false;
}

SplitPattern::SplitPattern(SplitPattern&&) noexcept = default;
SplitPattern::~SplitPattern() = default;

void SplitPattern::split(const std::vector<std::string_view>& texts, Categories categories,
                         std::vector<std::string_view>& pieces) const {
  const SplitRule& rule = compiled_->rule;
  const CompiledPattern& pattern = compiled_->pattern(categories);
  Finder finder(pattern.code.get(), pattern.machine_code);
  for (const std::string_view text : texts) {
    size_t at = 0;
    while (at < text.size()) {
      const int result = finder.find(text, at);
      if (result < 0 && result != PCRE2_ERROR_NOMATCH) {
        throw Error(compiled_->where,
                    fmt::format("pattern {} gave up on a text of {} bytes (PCRE2 error {})",
                                excerpt(rule.pattern), text.size(), result),
                    "split the text into lines");
      }
      const bool found = result != PCRE2_ERROR_NOMATCH;
      const size_t begin = found ? finder.begin() : text.size();
      if (begin > at && rule.keep_between) pieces.push_back(text.substr(at, begin - at));
      if (!found) break;
      if (rule.keep_matches) pieces.push_back(text.substr(begin, finder.end() - begin));
      at = finder.end();
    }
  }
}

}  // namespace deepscaler
