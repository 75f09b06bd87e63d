#include "verify/counted_heap.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
#define COUNTS_HEAP 1
#include <malloc.h>
#else
#define COUNTS_HEAP 0
#endif

namespace {

thread_local int64_t held_bytes = 0;
thread_local int64_t peak_held_bytes = 0;

}  // namespace

#if COUNTS_HEAP
namespace {

void* counted(void* memory) {
  held_bytes += static_cast<int64_t>(malloc_usable_size(memory));
  if (held_bytes > peak_held_bytes) peak_held_bytes = held_bytes;
  return memory;
}

}  // namespace

// glibc's allocator under its other names; a program's own definitions go before a library's.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);

void* malloc(size_t size) noexcept { return counted(__libc_malloc(size)); }
void* calloc(size_t count, size_t size) noexcept { return counted(__libc_calloc(count, size)); }
void* memalign(size_t alignment, size_t size) noexcept { return counted(__libc_memalign(alignment, size)); }
void* aligned_alloc(size_t alignment, size_t size) noexcept {
  return counted(__libc_memalign(alignment, size));
}
int posix_memalign(void** memory, size_t alignment, size_t size) noexcept {
  *memory = counted(__libc_memalign(alignment, size));
  return *memory == nullptr ? ENOMEM : 0;
}
void* realloc(void* memory, size_t size) noexcept {
  const auto before = static_cast<int64_t>(malloc_usable_size(memory));
  void* moved = __libc_realloc(memory, size);
  if (moved != nullptr || size == 0) held_bytes -= before;
  return counted(moved);
}
void free(void* memory) noexcept {
  held_bytes -= static_cast<int64_t>(malloc_usable_size(memory));
  __libc_free(memory);
}
}
#endif

namespace deepscaler {

// The count begins at 0 and is the thread's own, so what is peak is taken beyond it.
CountedHeap::CountedHeap() { held_bytes = peak_held_bytes = 0; }

int64_t CountedHeap::peak_bytes() const { return peak_held_bytes; }

bool CountedHeap::is_available() { return COUNTS_HEAP != 0; }

namespace {

TEST(CountedHeap, SeesWhatIsHeldAtOnceInAllLanguages) {
  if (!CountedHeap::is_available()) GTEST_SKIP() << "the sanitizer's allocator";
  constexpr size_t kMegabyte = size_t{1} << 20;
  const CountedHeap heap;
  { const std::vector<char> freed(4 * kMegabyte, 'x'); }
  const std::unique_ptr<void, decltype(&std::free)> kept(std::malloc(kMegabyte), &std::free);
  EXPECT_GE(heap.peak_bytes(), 4 << 20);
  EXPECT_LT(heap.peak_bytes(), 5 << 20);
  std::string grown;
  for (int i = 0; i < 8; ++i) grown.append(kMegabyte, static_cast<char>('a' + i));
  EXPECT_GE(heap.peak_bytes(), 9 << 20);
}

}  // namespace
}  // namespace deepscaler
