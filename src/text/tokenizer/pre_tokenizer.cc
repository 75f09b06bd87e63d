#include "text/tokenizer/pre_tokenizer.h"

#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

void split_digits(DigitsRule rule, const std::vector<std::string_view>& texts,
                  std::vector<std::string_view>& pieces) {
  for (const std::string_view text : texts) {
    size_t begin = 0;
    bool in_digits = false;
    for (size_t at = 0; at < text.size();) {
      const auto [code, bytes] = utf8_char_at(text, at);
      const bool digit = is_numeric(code);
      if (at > begin && (digit != in_digits || (digit && rule.individual))) {
        pieces.push_back(text.substr(begin, at - begin));
        begin = at;
      }
      in_digits = digit;
      at += bytes;
    }
    if (begin < text.size()) pieces.push_back(text.substr(begin));
  }
}

}  // namespace

std::string_view gpt2_pattern() {
  return R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
}

PreTokenizer::PreTokenizer(const std::vector<PreTokenizerRule>& rules, const std::string& where) {
  for (const PreTokenizerRule& rule : rules) {
    if (const auto* split = std::get_if<SplitRule>(&rule)) {
      steps_.emplace_back(SplitPattern(*split, where));
    } else {
      steps_.emplace_back(std::get<DigitsRule>(rule));
    }
  }
}

std::vector<std::string_view> PreTokenizer::split(std::string_view text) const {
  std::vector<std::string_view> pieces = {text};
  std::vector<std::string_view> next;
  const auto categories = SplitPattern::needs_own_categories(text) ? SplitPattern::Categories::kOwn
                                                                   : SplitPattern::Categories::kOfPcre2;
  for (const auto& step : steps_) {
    next.clear();
    if (const auto* pattern = std::get_if<SplitPattern>(&step)) {
      pattern->split(pieces, categories, next);
    } else {
      split_digits(std::get<DigitsRule>(step), pieces, next);
    }
    std::swap(pieces, next);
  }
  return pieces;
}

}  // namespace deepscaler
