#include "tensor/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/integer.h"

namespace deepscaler {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

// `size` bytes in huge pages, which are zero when they are first touched; null where there is no memory.
char* map_huge_pages(size_t size) {
  void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* const base = static_cast<char*>(mapped);
  const size_t before = (kHugePage - reinterpret_cast<uintptr_t>(base) % kHugePage) % kHugePage;
  if (before > 0) munmap(base, before);
  munmap(base + before + size, kHugePage - before);
  madvise(base + before, size, MADV_HUGEPAGE);
  return base + before;
}

class BlockPool {
 public:
  PooledBlock take(size_t size, size_t in_use) {
    const std::scoped_lock lock(mutex_);
    char* block = map_huge_pages(size);
    if (block == nullptr) {
      for (const Piece& piece : kept_) munmap(piece.data, piece.size);
      kept_.clear();
      block = map_huge_pages(size);
    }
    if (block == nullptr) return {};

    std::vector<Piece>& pieces = used_[block];
    size_t filled = 0;
    while (filled < in_use && !kept_.empty()) {
      const size_t moved = move_from_kept(block + filled, in_use - filled);
      if (moved == 0) {
        munmap(block, size);
        used_.erase(block);
        return {};
      }
      pieces.push_back({block + filled, moved});
      filled += moved;
    }
    if (filled < size) pieces.push_back({block + filled, size - filled});
    return {block, filled == 0};
  }

  void give_back(void* data) {
    const std::scoped_lock lock(mutex_);
    const auto used = used_.find(data);
    DEEPSCALER_CHECK(used != used_.end());
    kept_.insert(kept_.end(), used->second.begin(), used->second.end());
    used_.erase(used);
  }

 private:
  // Memory that one call can move: the system does not move over the seam between two.
  struct Piece {
    char* data;
    size_t size;
  };

  // Moves pages of the latest piece, at most `most` bytes, to `target`; returns how many bytes, 0 where the
  // system has no memory left.
  size_t move_from_kept(char* target, size_t most) {
    Piece& piece = kept_.back();
    const size_t size = std::min(piece.size, most);
    piece.size -= size;
    char* const source = piece.data + piece.size;
    if (piece.size == 0) kept_.pop_back();
    if (mremap(source, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, target) != MAP_FAILED) return size;
    // The system has a limit on the number of mappings, and may have unmapped the target before it met it.
    munmap(source, size);
    void* fresh = mmap(target, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return fresh == MAP_FAILED ? 0 : size;
  }

  std::mutex mutex_;
  std::unordered_map<void*, std::vector<Piece>> used_;
  std::vector<Piece> kept_;
};

// Never destroyed: buffers of other threads and static objects may outlive it.
BlockPool& pool() {
  static BlockPool& pool = *new BlockPool;
  return pool;
}

}  // namespace

PooledBlock take_pooled_block(size_t size_bytes, size_t in_use_bytes) {
  if (size_bytes > static_cast<size_t>(PTRDIFF_MAX)) return {};
  return pool().take(pooled_block_size(size_bytes), pooled_block_size(in_use_bytes));
}

size_t pooled_block_size(size_t size_bytes) { return round_up(size_bytes, kHugePage); }

void return_pooled_block(void* data) { pool().give_back(data); }

}  // namespace deepscaler
