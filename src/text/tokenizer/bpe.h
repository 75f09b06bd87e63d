// Byte-pair encoding of one word (Sennrich et al., "Neural machine translation of rare words with
// subword units", 2016; byte-level as in GPT-2): start from a token per byte, then always join the
// neighbours whose merge has the lowest rank, the leftmost among equals.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace deepscaler {

using TokenId = int32_t;

// Joins `left` and `right` to `joined`. A list of merges is in order of rank.
struct Merge {
  TokenId left;
  TokenId right;
  TokenId joined;
};

// (left, right) -> rank and result: open addressing, at most half full.
class MergeTable {
 public:
  struct Entry {
    uint64_t pair = kNoPair;
    uint32_t rank = 0;
    TokenId joined = 0;
  };

  explicit MergeTable(const std::vector<Merge>& merges);  // of two merges of one pair the later counts

  // Null where the two do not merge.
  [[nodiscard]] const Entry* find(TokenId left, TokenId right) const {
    const uint64_t pair = key(left, right);
    for (size_t slot = hash(pair) & mask_;; slot = (slot + 1) & mask_) {
      const Entry& entry = entries_[slot];
      if (entry.pair == pair) return &entry;
      if (entry.pair == kNoPair) return nullptr;
    }
  }

 private:
  static constexpr uint64_t kNoPair = ~0ull;  // ids are not negative
  static uint64_t key(TokenId left, TokenId right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  static uint64_t hash(uint64_t pair) {
    pair *= 0x9e3779b97f4a7c15;
    return pair ^ pair >> 32;
  }

  std::vector<Entry> entries_;
  uint64_t mask_;
};

struct BpeRules {
  // The token of each byte; nothing where the vocabulary lacks the byte. Then `unknown` takes its place;
  // without `unknown` the byte is dropped before merging, as Hugging Face's tokenizers do.
  std::array<std::optional<TokenId>, 256> byte_tokens;
  std::optional<TokenId> unknown;
  std::vector<Merge> merges;
  // Words (as bytes) that are tokens as they are, whatever the merges say: all tokens under
  // `ignore_merges`, else none.
  std::unordered_map<std::string, TokenId> whole_words;
};

// Immutable and thread-safe.
class Bpe {
 public:
  explicit Bpe(BpeRules rules);

  // Appends the word's tokens. Time is linear in the word times the logarithm of its length.
  void encode(std::string_view word, std::vector<TokenId>& ids) const;

 private:
  void merge_short(std::vector<TokenId>& symbols) const;
  void merge_long(std::vector<TokenId>& symbols) const;

  BpeRules rules_;
  MergeTable merges_;
};

}  // namespace deepscaler
