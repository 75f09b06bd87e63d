#include "tensor/buffer.h"

#include <sys/mman.h>

#include <cstdlib>

#include "base/error.h"

namespace deepscaler {

ZeroedBlock allocate_zeroed(size_t size_bytes) {
  constexpr size_t kHugePage = size_t{2} << 20;
  const size_t alignment = size_bytes >= kHugePage / 2 ? kHugePage : 64;
  const size_t padded = (size_bytes + alignment - 1) / alignment * alignment;
  // calloc leaves fresh pages alone, which the system zeroes when they are first touched.
  void* base = std::calloc(1, padded + alignment);
  if (base == nullptr) {
    throw Error("memory", fmt::format("can't allocate {} MiB", size_bytes >> 20),
                "use a smaller model, batch or token budget");
  }
  const auto address = reinterpret_cast<uintptr_t>(base);
  void* data = static_cast<char*>(base) + ((alignment - address % alignment) % alignment);
  if (alignment == kHugePage) madvise(data, padded, MADV_HUGEPAGE);
  return {base, data};
}

}  // namespace deepscaler
