#include "text/tokenizer/split_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/error.h"
#include "formats/excerpt.h"

namespace deepscaler {
namespace {

constexpr const char* kWhiteSpace =
    R"(\x{09}-\x{0d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kRefusedEscapes = "wWhHbBRXAZzGkK";
constexpr const char* kRemedy = "use a tokenizer of a model family this program knows";

// The same language in PCRE2's syntax.
std::string for_pcre2(const std::string& pattern, const std::string& where) {
  const auto refuse = [&](const std::string& what) {
    throw Error(where, "pattern " + excerpt(pattern) + " uses " + what + ", which is not supported", kRemedy);
  };
  std::string rewritten;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (c == '\\') {
      ++i;
      if (next != '\0' && kRefusedEscapes.find(next) != std::string_view::npos)
        refuse(std::string("\\") + next);
      if (next == 'S' && in_class) refuse("\\S in a class");
      if (next == 's') {
        rewritten += in_class ? kWhiteSpace : std::string("[") + kWhiteSpace + "]";
      } else if (next == 'S') {
        rewritten += std::string("[^") + kWhiteSpace + "]";
      } else {
        rewritten += c;
        if (next != '\0') rewritten += next;
      }
      continue;
    }
    if (in_class && c == '[') refuse("a class in a class");
    if (in_class && c == '&' && next == '&') refuse("&& in a class");
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    rewritten += c;
  }
  return rewritten;
}

struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

}  // namespace

struct SplitPattern::Compiled {
  std::unique_ptr<pcre2_code, FreeCode> code;
  bool machine_code = false;
  SplitRule rule;
  std::string where;
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

SplitPattern::SplitPattern(const SplitRule& rule, const std::string& where) {
  const std::string source = rule.is_regex ? for_pcre2(rule.pattern, where) : rule.pattern;
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
  auto compiled = std::make_unique<Compiled>();
  compiled->code.reset(code);
  compiled->machine_code = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
  compiled->rule = rule;
  compiled->where = where;
  compiled_ = std::move(compiled);
}

SplitPattern::SplitPattern(SplitPattern&&) noexcept = default;
SplitPattern::~SplitPattern() = default;

void SplitPattern::split(const std::vector<std::string_view>& texts,
                         std::vector<std::string_view>& pieces) const {
  const SplitRule& rule = compiled_->rule;
  Finder finder(compiled_->code.get(), compiled_->machine_code);
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
