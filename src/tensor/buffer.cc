#include "tensor/buffer.h"

#include <sys/mman.h>

#include <cstring>

#include "base/error.h"

namespace deepscaler {

void* allocate_zeroed(size_t size_bytes) {
  constexpr size_t kHugePage = size_t{2} << 20;
  const size_t alignment = size_bytes >= kHugePage / 2 ? kHugePage : 64;
  const size_t padded = (size_bytes + alignment - 1) / alignment * alignment;
  void* data = std::aligned_alloc(alignment, padded == 0 ? alignment : padded);
  if (data == nullptr) {
    throw Error("memory", fmt::format("can't allocate {} MiB", size_bytes >> 20),
                "use a smaller model, batch or token budget");
  }
  if (alignment == kHugePage) madvise(data, padded, MADV_HUGEPAGE);
  std::memset(data, 0, padded);
  return data;
}

}  // namespace deepscaler
