#include "text/tokenizer/bpe.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace deepscaler {
namespace {

// Tokens 0-3 are the letters a-d, the others joinings of random earlier tokens.
BpeRules random_rules(uint64_t seed, size_t merges) {
  const Rng rng(seed, {});
  BpeRules rules;
  for (int letter = 0; letter < 4; ++letter) rules.byte_tokens['a' + letter] = letter;
  for (uint64_t i = 0; i < merges; ++i) {
    const auto known = 4 + i;
    rules.merges.push_back({static_cast<TokenId>(rng.below(known, 2 * i)),
                            static_cast<TokenId>(rng.below(known, 2 * i + 1)), static_cast<TokenId>(known)});
  }
  return rules;
}

// The definition, word for word: again and again join the leftmost pair of the lowest rank.
std::vector<TokenId> merged_by_definition(const std::vector<Merge>& merges, std::vector<TokenId> symbols) {
  for (;;) {
    size_t best_rank = merges.size();
    size_t best_at = 0;
    for (size_t rank = 0; rank < best_rank; ++rank) {
      for (size_t i = 0; i + 1 < symbols.size() && rank < best_rank; ++i) {
        if (symbols[i] != merges[rank].left || symbols[i + 1] != merges[rank].right) continue;
        best_rank = rank;
        best_at = i;
      }
    }
    if (best_rank == merges.size()) return symbols;
    symbols[best_at] = merges[best_rank].joined;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
  }
}

TEST(Bpe, ShortAndLongWordsMergeByDefinition) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    BpeRules rules = random_rules(seed, 40);
    // Of two merges of one pair the later counts, so that only its rank may be in the definition.
    std::vector<Merge> merges = rules.merges;
    for (size_t i = 0; i < merges.size(); ++i) {
      for (size_t later = i + 1; later < merges.size(); ++later) {
        if (merges[later].left == merges[i].left && merges[later].right == merges[i].right)
          merges[i].left = -1;
      }
    }
    const Bpe bpe(std::move(rules));
    const Rng rng(seed, {1});
    for (const size_t length : {1, 2, 7, 40, 49, 200}) {
      std::string word;
      std::vector<TokenId> symbols;
      for (size_t i = 0; i < length; ++i) {
        symbols.push_back(static_cast<TokenId>(rng.below(4, length * 1000 + i)));
        word += static_cast<char>('a' + symbols.back());
      }
      std::vector<TokenId> ids;
      bpe.encode(word, ids);
      EXPECT_EQ(ids, merged_by_definition(merges, symbols)) << "seed " << seed << " length " << length;
    }
  }
}

TEST(Bpe, MissingBytesAreDroppedBeforeMergingOrUnknown) {
  BpeRules rules = random_rules(0, 0);
  rules.merges = {{0, 1, 4}};
  std::vector<TokenId> ids;
  Bpe(rules).encode("axb", ids);
  EXPECT_EQ(ids, (std::vector<TokenId>{4}));
  rules.unknown = 9;
  ids.clear();
  Bpe(rules).encode("axb", ids);
  EXPECT_EQ(ids, (std::vector<TokenId>{0, 9, 1}));
}

TEST(Bpe, WholeWordsTakeNoMerges) {
  BpeRules rules = random_rules(0, 0);
  rules.whole_words = {{"abc", 7}};
  std::vector<TokenId> ids;
  const Bpe bpe(rules);
  bpe.encode("abc", ids);
  bpe.encode("ab", ids);
  EXPECT_EQ(ids, (std::vector<TokenId>{7, 0, 1}));
}

}  // namespace
}  // namespace deepscaler
