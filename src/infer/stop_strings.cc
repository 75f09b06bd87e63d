#include "infer/stop_strings.h"

#include <algorithm>

#include "base/error.h"

namespace deepscaler {

StopStrings::StopStrings(const Tokenizer& tokenizer, std::vector<std::string> strings)
    : tokenizer_(tokenizer), strings_(std::move(strings)) {
  for (const std::string& string : strings_) {
    if (string.empty()) throw Error("stop", "one of the strings is empty", "give at least one character");
    longest_ = std::max(longest_, string.size());
  }
}

bool StopStrings::complete(std::span<const TokenId> response) const {
  const auto bytes_of = [&](TokenId id) {
    return tokenizer_.is_special(id) ? std::string_view() : tokenizer_.token_bytes(id);
  };
  if (response.empty() || longest_ == 0) return false;
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

}  // namespace deepscaler
