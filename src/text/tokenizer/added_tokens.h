// Tokens that are found in the text itself, before any pre-tokenizer sees it: the control tokens of
// a chat format, and what else was added to a vocabulary after training.
#pragma once

#include <array>
#include <optional>
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
  bool rstrip = false;       // and that after it
};

// A run of plain text, or an added token (then `text` is what it was found in).
struct TextSegment {
  std::string_view text;
  std::optional<TokenId> token;
};

enum class SpecialTokens { kFind, kLeaveAsText };

// Finds tokens of one set: the leftmost one first, of those the longest. Thread-safe.
class AddedTokenFinder {
 public:
  explicit AddedTokenFinder(const std::vector<AddedToken>& tokens);

  // The text from end to end, in order; views into it. Under kLeaveAsText special tokens stay text;
  // as in the reference (`split_special_tokens`), added tokens that are not special are found still.
  [[nodiscard]] std::vector<TextSegment> split(std::string_view text, SpecialTokens special) const;

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
