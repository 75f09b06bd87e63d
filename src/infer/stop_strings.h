// Texts that end a response: it is over with the token that completes one of them, and its text ends
// before it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// Looks at a response's text without its special tokens, and for strings that are a special token at the
// tokens. Immutable, thread-safe; the tokenizer must outlive it.
class StopStrings {
 public:
  // Throws Error for an empty string, and for one that mixes a special token with other text.
  StopStrings(const Tokenizer& tokenizer, std::vector<std::string> strings);
  StopStrings(Tokenizer&&, std::vector<std::string>) = delete;

  // Whether the last of a response's tokens completes one of the strings.
  [[nodiscard]] bool complete(std::span<const TokenId> response) const;

  // `text` up to where the first of the strings begins. Lives as long as `text`.
  [[nodiscard]] std::string_view cut(std::string_view text) const;

  // How many bytes at the end of `text` one of the strings could begin with: a stream holds them back
  // until more is known.
  [[nodiscard]] size_t undecided_bytes(std::string_view text) const;

 private:
  const Tokenizer& tokenizer_;
  std::vector<std::string> strings_;
  std::vector<TokenId> tokens_;  // special ones
  size_t longest_ = 0;           // bytes
};

}  // namespace deepscaler
