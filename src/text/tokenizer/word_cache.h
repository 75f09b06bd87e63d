// Remembers the tokens of words. Words recur, so most of a text needs no merges.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer/bpe.h"

namespace deepscaler {

// For one thread at a time.
class WordCache {
 public:
  // The tokens of a word, or null. The span lives until the next insert().
  [[nodiscard]] const std::vector<TokenId>* find(std::string_view word) const {
    const auto found = words_.find(word);
    return found == words_.end() ? nullptr : &found->second;
  }

  // Long words are not kept; a full cache starts again from nothing, so that memory stays bounded.
  void insert(std::string_view word, std::span<const TokenId> ids);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
  };
  std::unordered_map<std::string, std::vector<TokenId>, Hash, std::equal_to<>> words_;
};

// Lends each caller a cache of its own for the length of a call. Thread-safe.
class WordCachePool {
 public:
  class Loan {
   public:
    explicit Loan(WordCachePool& pool);
    ~Loan();
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    WordCache& operator*() { return *cache_; }

   private:
    WordCachePool& pool_;
    std::unique_ptr<WordCache> cache_;
  };

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<WordCache>> idle_;
};

}  // namespace deepscaler
