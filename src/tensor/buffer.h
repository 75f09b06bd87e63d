// The owner of a block of memory for numbers: 64-byte aligned (a cache line, and the widest vector),
// zero-filled, movable, not copyable. Large blocks ask for huge pages, since matrices are walked with
// strides that would exhaust the TLB on small ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace deepscaler {

// Zero-filled and 64-byte aligned; to be released with std::free. Throws Error when memory is short.
[[nodiscard]] void* allocate_zeroed(size_t size_bytes);

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t count)
      : data_(static_cast<T*>(allocate_zeroed(static_cast<size_t>(count) * sizeof(T)))), size_(count) {}

  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] const T* data() const { return data_.get(); }
  [[nodiscard]] int64_t size() const { return size_; }
  [[nodiscard]] std::span<T> span() { return {data_.get(), static_cast<size_t>(size_)}; }
  [[nodiscard]] std::span<const T> span() const { return {data_.get(), static_cast<size_t>(size_)}; }
  T& operator[](int64_t i) { return data_.get()[i]; }
  const T& operator[](int64_t i) const { return data_.get()[i]; }

  // Makes room for `count` numbers; their values are unspecified afterwards when it has to grow.
  void reserve_discarding(int64_t count) {
    if (count > size_) *this = Buffer(count);
  }

 private:
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };
  std::unique_ptr<T, Free> data_;
  int64_t size_ = 0;
};

}  // namespace deepscaler
