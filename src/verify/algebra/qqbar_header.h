// Calcium 0.4's qqbar.h, which is C: its inline functions assign what flint_malloc returns without a
// cast. While it is read, the allocators return a pointer that converts to any other.
#pragma once

#include <acb.h>
#include <flint/fmpz_mpoly.h>
#include <flint/fmpz_poly.h>

namespace deepscaler {

struct AnyPointer {
  void* pointer;
  template <class T>
  operator T*() const {
    return static_cast<T*>(pointer);
  }
};

inline AnyPointer allocate(size_t bytes) { return {flint_malloc(bytes)}; }
inline AnyPointer reallocate(void* memory, size_t bytes) { return {flint_realloc(memory, bytes)}; }
inline AnyPointer allocate_zeroed(size_t count, size_t bytes) { return {flint_calloc(count, bytes)}; }

}  // namespace deepscaler

#define flint_malloc(bytes) ::deepscaler::allocate(bytes)
#define flint_realloc(memory, bytes) ::deepscaler::reallocate(memory, bytes)
#define flint_calloc(count, bytes) ::deepscaler::allocate_zeroed(count, bytes)
#include <calcium/qqbar.h>
#undef flint_malloc
#undef flint_realloc
#undef flint_calloc
