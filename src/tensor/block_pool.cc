#include "tensor/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

// `size` bytes in huge pages, zeroed as they are touched; null where there is no memory.
void* map_huge_pages(size_t size) {
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
  PooledBlock take(size_t size) {
    const std::scoped_lock lock(mutex_);
    if (const auto fit = best_fit(size); fit != kept_.end()) {
      const Block block = *fit;
      kept_.erase(fit);
      kept_bytes_ -= block.size;
      use(block);
      return {block.data, false};
    }
    while (!kept_.empty() && used_bytes_ + size + kept_bytes_ > most_used_bytes_) unmap_latest();
    void* data = map_huge_pages(size);
    while (data == nullptr && !kept_.empty()) {
      unmap_latest();
      data = map_huge_pages(size);
    }
    if (data != nullptr) use({data, size});
    return {data, true};
  }

  void give_back(void* data) {
    const std::scoped_lock lock(mutex_);
    const auto used = used_.find(data);
    DEEPSCALER_CHECK(used != used_.end());
    kept_.push_back({data, used->second});
    kept_bytes_ += used->second;
    used_bytes_ -= used->second;
    used_.erase(used);
  }

 private:
  struct Block {
    void* data;
    size_t size;
  };

  // The smallest kept block that holds `size` and is not half as large again.
  std::vector<Block>::iterator best_fit(size_t size) {
    auto best = kept_.end();
    for (auto block = kept_.begin(); block != kept_.end(); ++block) {
      if (block->size < size || block->size > size + size / 2) continue;
      if (best == kept_.end() || block->size < best->size) best = block;
    }
    return best;
  }

  void use(const Block& block) {
    used_.emplace(block.data, block.size);
    used_bytes_ += block.size;
    most_used_bytes_ = std::max(most_used_bytes_, used_bytes_);
  }

  // The latest: where two phases take turns, it is of the one that has just ended, and the one that begins
  // still finds its own.
  void unmap_latest() {
    munmap(kept_.back().data, kept_.back().size);
    kept_bytes_ -= kept_.back().size;
    kept_.pop_back();
  }

  std::mutex mutex_;
  std::unordered_map<void*, size_t> used_;
  std::vector<Block> kept_;  // in the order they came back
  size_t used_bytes_ = 0, kept_bytes_ = 0, most_used_bytes_ = 0;
};

// Never destroyed: buffers of other threads and static objects may outlive it.
BlockPool& pool() {
  static BlockPool& pool = *new BlockPool;
  return pool;
}

}  // namespace

PooledBlock take_pooled_block(size_t size_bytes) {
  if (size_bytes > static_cast<size_t>(PTRDIFF_MAX)) return {};
  return pool().take(round_up(size_bytes, kHugePage));
}

void return_pooled_block(void* data) { pool().give_back(data); }

}  // namespace deepscaler
