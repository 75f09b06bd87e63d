#include "infer/stop_strings.h"

#include <algorithm>

#include "base/error.h"
#include "formats/excerpt.h"

namespace deepscaler {

StopStrings::StopStrings(const Tokenizer& tokenizer, std::vector<std::string> strings)
    : tokenizer_(tokenizer) {
  for (std::string& string : strings) {
    if (string.empty()) throw Error("stop", "one of the strings is empty", "give at least one character");
    const auto tokens = tokenizer.encode(string, {.add_special_tokens = false});
    const auto special = std::ranges::find_if(tokens, [&](TokenId id) { return tokenizer.is_special(id); });
    if (special == tokens.end()) {
      longest_ = std::max(longest_, string.size());
      strings_.push_back(std::move(string));
    } else if (tokens.size() == 1) {
      tokens_.push_back(tokens[0]);
    } else {
      throw Error("stop",
                  fmt::format("{} mixes the special token {} with other text, which never come together",
                              excerpt(string), excerpt(tokenizer.token_bytes(*special))),
                  "give the token by itself");
    }
  }
}

bool StopStrings::complete(std::span<const TokenId> response) const {
  const auto bytes_of = [&](TokenId id) {
    return tokenizer_.is_special(id) ? std::string_view() : tokenizer_.token_bytes(id);
  };
  if (response.empty()) return false;
  if (std::ranges::count(tokens_, response.back()) > 0) return true;
  if (longest_ == 0) return false;
  const size_t last = bytes_of(response.back()).size();
  if (last == 0) return false;
  // The end of the text, long enough for a string that ends with any byte of the last token.
  std::string text;
  for (size_t i = response.size(); i > 0 && text.size() < longest_ - 1 + last; --i) {
    text.insert(0, bytes_of(response[i - 1]));
  }
  return std::ranges::any_of(strings_, [&](const std::string& string) {
    const size_t found = text.rfind(string);
    return found != std::string::npos && found + string.size() > text.size() - last;
  });
}

std::string_view StopStrings::cut(std::string_view text) const {
  size_t end = text.size();
  for (const std::string& string : strings_) end = std::min(end, text.find(string));
  return text.substr(0, end);
}

size_t StopStrings::undecided_bytes(std::string_view text) const {
  for (size_t length = std::min(text.size(), longest_); length > 0; --length) {
    const std::string_view end = text.substr(text.size() - length);
    if (std::ranges::any_of(strings_, [&](const std::string& s) { return s.starts_with(end); }))
      return length;
  }
  return 0;
}

}  // namespace deepscaler
