#include "tensor/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

// Large blocks are mapped one by one: the heap would keep what buffers leave behind when they grow.
bool is_large(size_t size_bytes) { return size_bytes >= kHugePage / 2; }

void* map_huge_pages(size_t size_bytes) {
  if (size_bytes > static_cast<size_t>(PTRDIFF_MAX)) return nullptr;
  const size_t size = round_up(size_bytes, kHugePage);
  void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* const base = static_cast<char*>(mapped);
  const size_t before = (kHugePage - reinterpret_cast<uintptr_t>(base) % kHugePage) % kHugePage;
  if (before > 0) munmap(base, before);
  munmap(base + before + size, kHugePage - before);
  madvise(base + before, size, MADV_HUGEPAGE);
  return base + before;
}

}  // namespace

void* allocate_zeroed(size_t size_bytes) {
  const size_t size = round_up(std::max(size_bytes, kCacheLine), kCacheLine);
  void* data = is_large(size_bytes) ? map_huge_pages(size_bytes) : std::aligned_alloc(kCacheLine, size);
  if (data == nullptr) {
    throw Error("memory", fmt::format("can't allocate {} MiB", size_bytes >> 20),
                "use a smaller model, batch or token budget");
  }
  if (!is_large(size_bytes)) std::memset(data, 0, size);
  return data;
}

void release_zeroed(void* data, size_t size_bytes) {
  if (is_large(size_bytes)) {
    munmap(data, round_up(size_bytes, kHugePage));
  } else {
    std::free(data);
  }
}

}  // namespace deepscaler
