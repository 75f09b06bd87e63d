#include "infer/prefix_cache.h"

#include <algorithm>

#include "base/error.h"

namespace deepscaler {
namespace {

int64_t equal_tokens(std::span<const int32_t> a, std::span<const int32_t> b) {
  return std::ranges::mismatch(a, b).in1 - a.begin();
}

}  // namespace

PrefixCache::PrefixCache(int64_t keys_per_block) : keys_per_block_(keys_per_block) {}

PrefixCache::Node* PrefixCache::root(int64_t space) {
  const auto [root, is_new] = roots_.try_emplace(space);
  if (is_new) root->second.users = 1;
  return &root->second;
}

PrefixCache::Match PrefixCache::find(const Node* root, std::span<const int32_t> tokens) const {
  Match match;
  const Node* node = root;
  while (!tokens.empty()) {
    Node* longest = nullptr;
    int64_t keys = 0;
    for (const auto& child : node->children) {
      const int64_t equal = equal_tokens(child->tokens, tokens);
      if (equal > keys) {
        keys = equal;
        longest = child.get();
      }
    }
    if (longest == nullptr) break;
    if (keys < keys_per_block_) {
      match.part = longest;
      match.part_keys = keys;
      break;
    }
    match.whole.push_back(longest);
    tokens = tokens.subspan(static_cast<size_t>(keys));
    node = longest;
  }
  return match;
}

PrefixCache::Node* PrefixCache::insert(Node* parent, std::span<const int32_t> tokens, int32_t block) {
  Node& above = *parent;
  DEEPSCALER_CHECK(above.users > 0 && !tokens.empty() && std::ssize(tokens) <= keys_per_block_);
  above.children.push_back(std::make_unique<Node>(Node{.tokens = {tokens.begin(), tokens.end()},
                                                       .block = block,
                                                       .parent = &above,
                                                       .children = {},
                                                       .users = 1,
                                                       .last_used = ++clock_}));
  return above.children.back().get();
}

PrefixCache::Node* PrefixCache::child(Node* parent, std::span<const int32_t> tokens) {
  const auto found = std::ranges::find_if(
      parent->children, [&](const auto& child) { return std::ranges::equal(child->tokens, tokens); });
  return found == parent->children.end() ? nullptr : found->get();
}

void PrefixCache::use(Node* node) {
  if (is_kept_leaf(*node)) kept_leaves_.erase(node);
  if (node->users++ == 0) --kept_;
}

void PrefixCache::unuse(Node* node) {
  DEEPSCALER_CHECK(node->users > 0);
  if (--node->users > 0) return;
  node->last_used = ++clock_;
  ++kept_;
  if (is_kept_leaf(*node)) kept_leaves_.insert(node);
}

int32_t PrefixCache::evict() {
  DEEPSCALER_CHECK(!kept_leaves_.empty());
  Node* node = *kept_leaves_.begin();
  kept_leaves_.erase(kept_leaves_.begin());
  --kept_;
  const int32_t block = node->block;
  Node* above = node->parent;
  std::erase_if(above->children, [&](const auto& child) { return child.get() == node; });
  if (above->parent != nullptr && is_kept_leaf(*above)) kept_leaves_.insert(above);
  return block;
}

}  // namespace deepscaler
