// Blocks of keys and values by the tokens they belong to: what a prompt begins with may be there already,
// computed for another prompt or answer.
//
// A tree: a node is a block, and the tokens on the way to it from the root are those of a sequence, from its
// first to the block's last. What is found was compared token by token. A block is in use while sequences
// need it; then it is kept, until more than `most_kept` are or its memory is needed: of the kept ones that
// nothing goes on from, the one used least recently goes first.
//
// A sequence belongs to a space, which has a root of its own: what one space has is not found in another.
//
// Keys and values depend on the tokens before them alone, so sharing changes no bit. One thread owns it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

namespace deepscaler {

class PrefixCache {
 public:
  struct Node {
    std::vector<int32_t> tokens;  // of this block; fewer than fill it: the end of a sequence
    int32_t block = 0;
    Node* parent = nullptr;  // null: a root
    std::vector<std::unique_ptr<Node>> children;
    int64_t users = 0;  // a node's ancestors are in use with it
    int64_t last_used = 0;
  };

  // The longest known beginning of a sequence: whole blocks, to be shared, and the first `part_keys`
  // positions of another block, to be copied (null: none).
  struct Match {
    std::vector<Node*> whole;
    Node* part = nullptr;
    int64_t part_keys = 0;
  };

  explicit PrefixCache(int64_t keys_per_block);

  // Where the sequences of a space begin. It stays where it is, and is always in use.
  [[nodiscard]] Node* root(int64_t space = 0);

  [[nodiscard]] Match find(const Node* root, std::span<const int32_t> tokens) const;

  // A node for `block`, which holds `tokens` after those of `parent`. It is in use once.
  Node* insert(Node* parent, std::span<const int32_t> tokens, int32_t block);
  // A child of `parent` for exactly these tokens; null where there is none.
  [[nodiscard]] static Node* child(Node* parent, std::span<const int32_t> tokens);

  void use(Node* node);
  // Of a sequence's nodes the last must be given back first.
  void unuse(Node* node);

  // Blocks that nothing uses.
  [[nodiscard]] int64_t kept() const { return kept_; }
  // Forgets the least recently used of them, at least one there must be (CHECK), and returns its block.
  int32_t evict();

 private:
  struct Older {
    bool operator()(const Node* a, const Node* b) const { return a->last_used < b->last_used; }
  };
  [[nodiscard]] static bool is_kept_leaf(const Node& node) {
    return node.users == 0 && node.children.empty();
  }

  int64_t keys_per_block_;
  std::map<int64_t, Node> roots_;  // by space
  std::set<Node*, Older> kept_leaves_;
  int64_t kept_ = 0;
  int64_t clock_ = 0;  // a number for each use, never the same twice
};

}  // namespace deepscaler
