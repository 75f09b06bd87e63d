// Tokens that are found in the text itself, before any pre-tokenizer sees it: the control tokens of
// a chat format, and what else was added to a vocabulary after training.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/bpe.h"

namespace deepscaler {

// The fields of tokenizer.json's `added_tokens`.
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;      // control token: may be ignored in user text, left out of decoded text
  bool normalized = false;   // looked for in the normalized text rather than in the raw one
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space before it along
  bool rstrip = false;       // takes the white space after it along
};

// A run of plain text; or an added token, whose `text` is the piece that it was found in.
struct TextSegment {
  std::string_view text;
  std::optional<TokenId> token;
};

enum class SpecialTokens { kFind, kLeaveAsText };

// Finds the tokens of one set: the leftmost first, and of several at one place the longest. Thread-safe.
class AddedTokenFinder {
 public:
  explicit AddedTokenFinder(const std::vector<AddedToken>& tokens);

  // The whole text as segments, in order; views into `text`. Under kLeaveAsText special tokens stay text, and
  // added tokens that are not special are still found, as Hugging Face's `split_special_tokens` does. No
  // token begins at a place of `text` that `plain_at` names, in rising order.
  [[nodiscard]] std::vector<TextSegment> split(std::string_view text, SpecialTokens special,
                                               std::span<const char* const> plain_at = {}) const;

 private:
  // The contents as a tree of bytes: a node's children are a sorted list of (byte, node).
  struct Node {
    std::vector<std::pair<unsigned char, uint32_t>> children;
    std::optional<uint32_t> token;  // index into tokens_
  };
  struct Match {
    size_t begin;
    size_t end;
    uint32_t token;
  };

  void insert(uint32_t token);
  std::optional<Match> find(std::string_view text, size_t from) const;
  std::optional<Match> longest_at(std::string_view text, size_t begin) const;

  std::vector<AddedToken> tokens_;
  std::vector<Node> nodes_;
  std::array<bool, 256> first_bytes_{};
};

}  // namespace deepscaler
