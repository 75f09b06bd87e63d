#include "text/tokenizer/bpe.h"

#include <algorithm>
#include <bit>
#include <queue>

namespace deepscaler {
namespace {

// Below this many symbols, scanning all neighbours for each merge beats keeping a heap of them.
constexpr size_t kShortWord = 48;

// A merge that was possible when it was queued: the symbols at `at` and after it, joining to `joined`.
struct Candidate {
  uint32_t rank;
  uint32_t at;
  TokenId left;
  TokenId right;
  TokenId joined;

  bool operator>(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

constexpr uint32_t kNone = ~0u;

// A word's symbols as a linked list, so that joining two is constant work.
struct Symbol {
  TokenId id;
  uint32_t before;
  uint32_t after;
  bool joined_away = false;
};

}  // namespace

MergeTable::MergeTable(const std::vector<Merge>& merges)
    : entries_(std::bit_ceil(2 * merges.size() + 2)), mask_(entries_.size() - 1) {
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right, joined] = merges[rank];
    const uint64_t pair = key(left, right);
    size_t slot = hash(pair) & mask_;
    while (entries_[slot].pair != kNoPair && entries_[slot].pair != pair) slot = (slot + 1) & mask_;
    entries_[slot] = {pair, static_cast<uint32_t>(rank), joined};
  }
}

Bpe::Bpe(BpeRules rules) : rules_(std::move(rules)), merges_(rules_.merges) {
  rules_.merges = {};  // the table has them
}

void Bpe::encode(std::string_view word, std::vector<TokenId>& ids) const {
  if (!rules_.whole_words.empty()) {
    const auto whole = rules_.whole_words.find(std::string(word));
    if (whole != rules_.whole_words.end()) {
      ids.push_back(whole->second);
      return;
    }
  }
  std::vector<TokenId> symbols;
  symbols.reserve(word.size());
  for (const char byte : word) {
    const auto token = rules_.byte_tokens[static_cast<unsigned char>(byte)];
    if (token || rules_.unknown) symbols.push_back(token ? *token : *rules_.unknown);
  }
  if (symbols.size() <= kShortWord) {
    merge_short(symbols);
  } else {
    merge_long(symbols);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

void Bpe::merge_short(std::vector<TokenId>& symbols) const {
  while (symbols.size() > 1) {
    const MergeTable::Entry* best = nullptr;
    size_t best_at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto* entry = merges_.find(symbols[i], symbols[i + 1]);
      if (entry && (!best || entry->rank < best->rank)) {
        best = entry;
        best_at = i;
      }
    }
    if (!best) return;
    symbols[best_at] = best->joined;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
  }
}

void Bpe::merge_long(std::vector<TokenId>& symbols) const {
  const auto count = static_cast<uint32_t>(symbols.size());
  std::vector<Symbol> list(count);
  for (uint32_t i = 0; i < count; ++i)
    list[i] = {symbols[i], i == 0 ? kNone : i - 1, i + 1 < count ? i + 1 : kNone};

  std::vector<Candidate> possible;
  const auto candidate_at = [&](uint32_t at) -> std::optional<Candidate> {
    if (at == kNone || list[at].after == kNone) return std::nullopt;
    const TokenId left = list[at].id;
    const TokenId right = list[list[at].after].id;
    const auto* entry = merges_.find(left, right);
    if (!entry) return std::nullopt;
    return Candidate{entry->rank, at, left, right, entry->joined};
  };
  for (uint32_t i = 0; i < count; ++i) {
    if (const auto candidate = candidate_at(i)) possible.push_back(*candidate);
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue(std::greater<>(),
                                                                               std::move(possible));

  while (!queue.empty()) {
    const Candidate merge = queue.top();
    queue.pop();
    Symbol& left = list[merge.at];
    if (left.joined_away || left.id != merge.left || left.after == kNone)
      continue;  // overtaken by another merge
    Symbol& right = list[left.after];
    if (right.id != merge.right) continue;
    left.id = merge.joined;
    right.joined_away = true;
    left.after = right.after;
    if (left.after != kNone) list[left.after].before = merge.at;
    for (const uint32_t at : {left.before, merge.at}) {
      if (const auto candidate = candidate_at(at)) queue.push(*candidate);
    }
  }

  symbols.clear();
  for (uint32_t i = 0; i < count; ++i) {
    if (!list[i].joined_away) symbols.push_back(list[i].id);
  }
}

}  // namespace deepscaler
