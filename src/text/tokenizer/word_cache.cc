#include "text/tokenizer/word_cache.h"

namespace deepscaler {

void WordCache::insert(std::string_view word, std::span<const TokenId> ids) {
  constexpr size_t kMaxWords = 1 << 16;
  constexpr size_t kMaxWordBytes = 64;
  if (word.size() > kMaxWordBytes) return;
  if (words_.size() >= kMaxWords) words_.clear();
  words_.emplace(word, std::vector<TokenId>(ids.begin(), ids.end()));
}

WordCachePool::Loan::Loan(WordCachePool& pool) : pool_(pool) {
  const std::lock_guard lock(pool_.mutex_);
  if (pool_.idle_.empty()) {
    cache_ = std::make_unique<WordCache>();
  } else {
    cache_ = std::move(pool_.idle_.back());
    pool_.idle_.pop_back();
  }
}

WordCachePool::Loan::~Loan() {
  const std::lock_guard lock(pool_.mutex_);
  pool_.idle_.push_back(std::move(cache_));
}

}  // namespace deepscaler
