#include "tensor/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/integer.h"
#include "tensor/block_pool.h"

namespace deepscaler {
namespace {

constexpr size_t kCacheLine = 64;

// Large blocks come one by one from the pool: the heap would keep what buffers leave behind when they grow.
bool is_large(size_t size_bytes) { return size_bytes >= size_t{1} << 20; }

PooledBlock take_from_heap(size_t size_bytes) {
  return {std::aligned_alloc(kCacheLine, round_up(std::max(size_bytes, kCacheLine), kCacheLine)), false};
}

}  // namespace

void* allocate_numbers(size_t size_bytes, Contents contents, size_t in_use_bytes) {
  const auto [data, zeroed] =
      is_large(size_bytes) ? take_pooled_block(size_bytes, in_use_bytes) : take_from_heap(size_bytes);
  if (data == nullptr) {
    throw Error("memory", fmt::format("can't allocate {} MiB", size_bytes >> 20),
                "use a smaller model, batch or token budget");
  }
  if (contents == Contents::kZero && !zeroed) std::memset(data, 0, size_bytes);
  return data;
}

int64_t held_bytes(int64_t size_bytes) {
  const auto size = static_cast<size_t>(size_bytes);
  return is_large(size) ? static_cast<int64_t>(pooled_block_size(size)) : size_bytes;
}

void release_numbers(void* data, size_t size_bytes) {
  if (is_large(size_bytes)) {
    return_pooled_block(data);
  } else {
    std::free(data);
  }
}

}  // namespace deepscaler
